"""The history of a soak's directories: which versions a read may see."""

import contextlib
import dataclasses
import math
import os
import random
import threading
import time

# Every content is a piece of this, so contents need not be kept and the origin of bytes can be found.
BASE = random.Random(7).randbytes(1 << 22)
LARGEST = 1 << 20


@dataclasses.dataclass(eq=False)
class Version:
    """A state of a path. The change that creates it starts at `coming` and ends at `there`; the change that removes it starts at `going` and
    ends at `gone`. During a change a read may see either state. All times are from time.monotonic()."""
    path: str
    made_by: str
    offset: int
    size: int
    # It replaces the version before in one step, so the path is a file all the time.
    replaces: bool = False
    # Size of the version that it lengthens; during that change a file system may show any size in between.
    grows_from: int | None = None
    coming: float = -math.inf
    there: float = math.inf
    going: float = math.inf
    gone: float = math.inf

    @property
    def content(self):
        return memoryview(BASE)[self.offset:self.offset + self.size]

    def may_be_read(self, begun, ended):
        return self.coming <= ended and self.gone >= begun

    def may_have_size(self, size, begun):
        least = self.size if self.grows_from is None or begun > self.there else self.grows_from
        return least <= size <= self.size


class Truth:
    """All versions of every path of every node. Paths are those of the tree, without a leading slash."""

    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {}
        self.owners = {}
        self.present = {}

    @contextlib.contextmanager
    def change(self, owner, makes=(), ends=()):
        """Records a change before it is made and when it is done, so that a reader that sees it on the disk finds it here."""
        with self.lock:
            now = time.monotonic()
            ending = [self.present.pop(path) for path in ends]
            for version in ending:
                version.going = now
            for version in makes:
                version.coming = now
                self.versions.setdefault(version.path, []).append(version)
                self.present[version.path] = version
                self.owners[version.path] = owner
        yield
        with self.lock:
            now = time.monotonic()
            for version in ending:
                version.gone = now
            for version in makes:
                version.there = now

    def now(self, path):
        with self.lock:
            return self.present.get(path)

    def files(self):
        """The paths that exist, with their sizes, including those that are being created."""
        with self.lock:
            return {path: version.size for path, version in self.present.items()}

    def of(self, path):
        """All versions of a path, oldest first."""
        with self.lock:
            return list(self.versions.get(path, ()))

    def all(self):
        with self.lock:
            return [version for versions in self.versions.values() for version in versions]

    def readable(self, path, begun, ended):
        """The versions that a read between two moments may see."""
        return [version for version in self.of(path) if version.may_be_read(begun, ended)]

    def was_there(self, path, begun, ended):
        """Whether the path was certainly a file all that time."""
        reached = begun
        for version in self.of(path):
            if (version.coming if version.replaces else version.there) <= reached:
                reached = max(reached, version.going)
        return reached > ended


class Directory:
    """A node's directory, changed by one thread. Each change is made on the disk and in the truth."""

    def __init__(self, truth, owner, root, aside, seed):
        self.truth, self.owner, self.root, self.aside = truth, owner, root, aside
        self.chance = random.Random(seed)
        self.count = 0
        self.directories = [self.new_directory() for _ in range(20)]

    def change(self):
        """Makes a random change and returns the paths that it touched. Creations and deletions are about equal."""
        files = self.own_files()
        kind = self.chance.choices(["create", "replace", "append", "rename", "delete", "rename directory"], [3, 3, 2, 2, 3, 0.3])[0]
        if kind == "create" and len(files) < 600 or len(files) < 300:
            return self.write(self.new_path())
        if kind == "rename directory":
            return self.rename_directory(self.chance.choice(self.directories))
        path = self.chance.choice(files)
        return {"replace": self.write, "append": self.append, "rename": self.rename}.get(kind, self.delete)(path)

    def own_files(self):
        return sorted(path for path in self.truth.files() if path.startswith(f"{self.owner}/"))

    def write(self, path):
        """Moves a file to its path in one step, replacing an existing file."""
        old = self.truth.now(path)
        size = int(LARGEST * self.chance.random() ** 6)
        version = Version(path, "replace" if old else "create", self.chance.randrange(len(BASE) - 2 * LARGEST), size, replaces=bool(old))
        self.aside.write_bytes(version.content)
        with self.truth.change(self.owner, [version], [path] if old else []):
            os.rename(self.aside, self.root / path)
        return [path]

    def append(self, path):
        old = self.truth.now(path)
        size = min(2 * LARGEST, old.size + self.chance.randrange(1, 10_000))
        version = Version(path, "append", old.offset, size, replaces=True, grows_from=old.size)
        with self.truth.change(self.owner, [version], [path]), open(self.root / path, "ab", buffering=0) as out:
            out.write(version.content[old.size:])
        return [path]

    def rename(self, path):
        new = self.new_path()
        self.move(path, new, {path: new})
        return [path, new]

    def delete(self, path):
        with self.truth.change(self.owner, ends=[path]):
            os.unlink(self.root / path)
        return [path]

    def rename_directory(self, old):
        new = f"{self.owner}/{self.new_name()}"
        moved = {path: new + path[len(old):] for path in self.own_files() if path.startswith(f"{old}/")}
        self.move(old, new, moved)
        self.directories[self.directories.index(old)] = new
        return [*moved, *moved.values()]

    def move(self, old, new, files):
        """Renames a file, or a directory with these files."""
        versions = [self.truth.now(path) for path in files]
        moved = [Version(files[version.path], f"rename of /{version.path}", version.offset, version.size) for version in versions]
        with self.truth.change(self.owner, moved, files):
            os.rename(self.root / old, self.root / new)

    def new_directory(self):
        path = f"{self.owner}/{self.new_name()}"
        (self.root / path).mkdir(parents=True)
        return path

    def new_path(self):
        return f"{self.chance.choice(self.directories)}/{self.new_name()}"

    def new_name(self):
        self.count += 1
        return f"{self.chance.choice(['report', 'Fotos 2024', 'größe', 'a+b&c', 'list'])}-{self.count}"
