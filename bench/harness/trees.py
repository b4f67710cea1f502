"""The trees for the measurements: made once, the same on every machine, kept between runs."""

import multiprocessing
import os
import pathlib
import random
import shutil
import stat

SHARD_FILES, SHARD_DIRECTORIES = 10_000, 500
SMALL_FILES, MANY_FILES = 1000, 10_000
WORDS = (
    "report invoice photo backup draft notes summary budget contract letter scan holiday project meeting design final archive export "
    "data log image video track lecture chapter figure sample result config index readme main test util server client model view").split()
ENDINGS = "txt pdf jpg png docx xlsx csv json log tar.gz mp4 mp3 html md py c h xml zip bak".split()
REGULAR = stat.S_IFREG | 0o644


def home():
    folder = pathlib.Path(os.environ.get("DFTP_BENCH_DIR") or "/var/tmp/dftp-bench")
    folder.mkdir(parents=True, exist_ok=True)
    # nginx and vsftpd read as other users.
    folder.chmod(0o755)
    return folder


def many_files(count):
    """A tree of empty files, 20 a directory, with names of 21 bytes on average. `count` is a multiple of 10,000, or smaller than that."""
    return kept(f"tree-{count}", lambda root: make_shards(root, count))


def directories_of(count):
    """The number of directories of such a tree, without its root."""
    full, rest = divmod(count, SHARD_FILES)
    return full * (SHARD_DIRECTORIES + 1) + (SHARD_DIRECTORIES + 1 if rest else 0)


def site(megabytes):
    """A large file, a thousand files of 4 KiB, and a directory of 10,000 files."""
    return kept(f"site-{megabytes}", lambda root: make_site(root, megabytes))


def kept(name, make):
    root = home() / name
    if not root.is_dir():
        unfinished = home() / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        print(f"making {root}; later runs reuse it", flush=True)
        make(unfinished)
        unfinished.rename(root)
    return root


def remove(root):
    """Removes a tree, with as many processes as made it."""
    shards = [entry.path for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    with multiprocessing.Pool(workers()) as pool:
        for _ in pool.imap_unordered(shutil.rmtree, shards):
            pass
    shutil.rmtree(root)


def workers():
    return max(2, os.cpu_count() or 1)


def make_site(root, megabytes):
    (root / "many").mkdir()
    for number in range(MANY_FILES):
        (root / "many" / f"file{number:05}.txt").touch()
    (root / "small").mkdir()
    for number in range(SMALL_FILES):
        (root / "small" / f"{number:03}.bin").write_bytes(os.urandom(4096))
    block = os.urandom(1 << 20)
    with open(root / "large", "wb") as out:
        for _ in range(megabytes):
            out.write(block)
        # Otherwise the disk still writes during the first measurements.
        os.fsync(out.fileno())


def make_shards(root, count):
    shards = [(root, number, min(SHARD_FILES, count - number * SHARD_FILES)) for number in range(-(-count // SHARD_FILES))]
    with multiprocessing.Pool(workers()) as pool:
        for _ in pool.imap_unordered(make_shard, shards):
            pass


def make_shard(arguments):
    """One of 500 directories: some levels deep, mostly small, some large."""
    root, number, count = arguments
    chance = random.Random(number)
    top = root / f"{WORDS[number % len(WORDS)]}-{number:04}"
    top.mkdir()
    directories = [top]
    for index in range(SHARD_DIRECTORIES):
        parent = directories[int(len(directories) * chance.random() ** 2)]
        directory = parent / f"{chance.choice(WORDS)}-{index:03}"
        directory.mkdir()
        directories.append(directory)
    shares = [chance.paretovariate(1.3) for _ in directories]
    unit = count / sum(shares)
    left = count
    for index, directory in enumerate(directories):
        files = left if index == SHARD_DIRECTORIES else min(left, int(shares[index] * unit))
        left -= files
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            for file in range(files):
                # One system call a file.
                os.mknod(file_name(chance, file), REGULAR, dir_fd=descriptor)
        finally:
            os.close(descriptor)


def file_name(chance, number):
    word = WORDS[int(chance.random() * len(WORDS))]
    other = WORDS[int(chance.random() * len(WORDS))]
    return f"{word}-{other}-{number:04}.{ENDINGS[int(chance.random() * len(ENDINGS))]}"
