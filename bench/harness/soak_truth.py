"""What the directories of a soak have held, and when: what a read may have seen."""

import dataclasses
import math
import os
import random
import threading
import time

# Every content is a piece of this, so that it is known without being kept.
BASE = random.Random(7).randbytes(1 << 22)
LARGEST = 1 << 20


@dataclasses.dataclass
class Version:
    """A state of a path: from before it was made until after it had gone."""
    offset: int
    size: int
    since: float
    until: float = math.inf

    @property
    def content(self):
        return memoryview(BASE)[self.offset:self.offset + self.size]


class Truth:
    """The states of every path of every node. Paths as in the tree, without a leading slash."""

    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {}
        self.owners = {}

    def put(self, path, owner, version):
        with self.lock:
            states = self.versions.setdefault(path, [])
            if states and states[-1].until == math.inf:
                states[-1].until = time.monotonic()
            # What is long past is no excuse for anything.
            del states[:-4]
            states.append(version)
            self.owners[path] = owner

    def end(self, path):
        with self.lock:
            self.versions[path][-1].until = time.monotonic()

    def now(self, path):
        with self.lock:
            last = self.versions[path][-1] if path in self.versions else None
            return last if last and last.until == math.inf else None

    def files(self, owner=None):
        """The paths that exist, with their sizes."""
        with self.lock:
            return {
                path: states[-1].size for path, states in self.versions.items()
                if states[-1].until == math.inf and (owner is None or owner in self.owners[path])}

    def allowed(self, path, begin, end):
        """The states that may be read between two moments."""
        with self.lock:
            return [version for version in self.versions.get(path, ()) if version.since <= end and version.until >= begin]

    def has_been_there(self, path, begin, end):
        """Whether the path was a file all that time."""
        reached = begin
        for version in self.allowed(path, begin, end):
            if version.since > reached:
                return False
            reached = max(reached, version.until)
        return reached >= end


class Directory:
    """A node's directory, changed by one thread; each change is made on the disk and in the truth."""

    def __init__(self, truth, owner, root, aside, seed):
        self.truth, self.owner, self.root, self.aside = truth, owner, root, aside
        self.chance = random.Random(seed)
        self.count = 0
        self.directories = [self.new_directory() for _ in range(20)]

    def change(self):
        """One change by chance; gives the paths that it touched. About as many files come as go."""
        files = sorted(self.truth.files(self.owner))
        files = [path for path in files if path.startswith(f"{self.owner}/")]
        kind = self.chance.choices(["create", "replace", "append", "rename", "delete", "rename directory"], [3, 3, 2, 2, 3, 0.3])[0]
        if kind == "create" and len(files) < 600 or len(files) < 300:
            return self.write(f"{self.chance.choice(self.directories)}/{self.new_name()}")
        if kind == "rename directory":
            return self.rename_directory(self.chance.choice(self.directories))
        path = self.chance.choice(files)
        return {"replace": self.write, "append": self.append, "rename": self.rename}.get(kind, self.delete)(path)

    def write(self, path):
        """Puts a file in its place in one step, whether one is there or not."""
        size = int(LARGEST * self.chance.random() ** 6)
        version = Version(self.chance.randrange(len(BASE) - 2 * LARGEST), size, time.monotonic())
        self.aside.write_bytes(version.content)
        os.rename(self.aside, self.root / path)
        self.truth.put(path, self.owner, version)
        return [path]

    def append(self, path):
        old = self.truth.now(path)
        size = min(2 * LARGEST, old.size + self.chance.randrange(1, 10_000))
        version = Version(old.offset, size, time.monotonic())
        with open(self.root / path, "ab") as out:
            out.write(version.content[old.size:])
        self.truth.put(path, self.owner, version)
        return [path]

    def rename(self, path):
        new = f"{self.chance.choice(self.directories)}/{self.new_name()}"
        self.move(path, new, lambda: os.rename(self.root / path, self.root / new))
        return [path, new]

    def delete(self, path):
        os.unlink(self.root / path)
        self.truth.end(path)
        return [path]

    def rename_directory(self, old):
        new = f"{self.owner}/{self.new_name()}"
        moved = [path for path in self.truth.files(self.owner) if path.startswith(f"{old}/")]
        begun = time.monotonic()
        os.rename(self.root / old, self.root / new)
        self.directories[self.directories.index(old)] = new
        for path in moved:
            self.follow(path, new + path[len(old):], begun)
        return [*moved, *(new + path[len(old):] for path in moved)]

    def move(self, path, new, do):
        begun = time.monotonic()
        do()
        self.follow(path, new, begun)

    def follow(self, path, new, begun):
        old = self.truth.now(path)
        self.truth.put(new, self.owner, Version(old.offset, old.size, begun))
        self.truth.end(path)

    def new_directory(self):
        path = f"{self.owner}/{self.new_name()}"
        (self.root / path).mkdir(parents=True)
        return path

    def new_name(self):
        self.count += 1
        return f"{self.chance.choice(['report', 'Fotos 2024', 'größe', 'a+b&c', 'list'])}-{self.count}"
