"""The cost of a file in trees of 10 k, 100 k, 1 M and 10 M files."""

import contextlib
import pathlib
import shutil
import statistics
import sys
import time

from . import clients, trees, tree_rows
from .cluster_rows import join_once
from .measure import percentile
from .processes import CannotMeasure, run_command, until
from .report import number
from .servers import DftpNode

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
CHANGED = 1000
# dftp needs a watch for each directory. The system's default is too low for the largest tree; dftp's log then says what to raise.
WATCHES = 1_048_576
WATCH_LIMIT = pathlib.Path("/proc/sys/fs/inotify/max_user_watches")
HEAD = (
    "| files | find -printf, s | scan, s | µs/file | memory, B/file | after a merge, B/file | join, s | µs/file | wire, B/file | /find/, s | ns/file | "
    f"search, ms | {CHANGED:,} changes, ms |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")


def print_curve(bench, largest, keep):
    """Prints a line for each size. A tree that this run made is removed unless it is to be kept."""
    print(HEAD, flush=True)
    lines = []
    for files in SIZES:
        if files > largest:
            break
        was_there = (trees.home() / f"tree-{files}").is_dir()
        root = trees.many_files(files)
        try:
            with enough_watches():
                lines.append(measure(bench, root, files))
            print(lines[-1], flush=True)
        finally:
            if not was_there and not keep:
                trees.remove(root)
    return "\n".join([HEAD, *lines]) + "\n"


@contextlib.contextmanager
def enough_watches():
    """Raises the limit temporarily, if that is allowed."""
    before = WATCH_LIMIT.read_text()
    if int(before) >= WATCHES:
        yield
        return
    try:
        WATCH_LIMIT.write_text(str(WATCHES))
    except OSError as refused:
        print(f"{WATCH_LIMIT} stays at {before.strip()}: {refused.strerror}", file=sys.stderr)
        yield
        return
    try:
        yield
    finally:
        WATCH_LIMIT.write_text(before)


def measure(bench, root, files):
    run_command(["find", root, "-printf", tree_rows.FACTS])
    found = statistics.median(run_command(["find", root, "-printf", tree_rows.FACTS])[0] for _ in range(3))
    with DftpNode(bench.folder, tree_rows.empty_directory(bench), "empty") as empty:
        empty.wait_until_scanned()
        time.sleep(tree_rows.SETTLE_SECONDS)
        base = empty.rss()
        scanned = statistics.median(tree_rows.scan_once_of(bench, root, files).value for _ in range(1 if files > 1_000_000 else 3))
        with DftpNode(bench.folder, root, "full") as full:
            full.wait_until_scanned()
            time.sleep(tree_rows.SETTLE_SECONDS)
            held = (full.rss() - base) / files
            joined, wire, _ = join_once(bench, full, "joining", files)
            empty.join(full)
            empty.wait_for_files(files)
            time.sleep(tree_rows.SETTLE_SECONDS)
            merged = (empty.rss() - base) / files
            listed = statistics.median(tree_rows.answered(full, "/find/").value for _ in range(3))
            searched = percentile([tree_rows.answered(full, "/find/?name=invoice-photo-00", scale=1000).value for _ in range(10)], 0.5)
            followed = changes(full, empty, files)
    cells = [
        f"{files:,}", number(found), number(scanned), number(scanned / files * 1e6), number(held), number(merged), number(joined),
        number(joined / files * 1e6), number(wire / files), number(listed), number(listed / files * 1e9), number(searched), number(followed)]
    return f"| {' | '.join(cells)} |"


def changes(full, peer, files):
    """Milliseconds from the first of a thousand new files in a new directory until a peer shows all of them."""
    directory = full.root / "zz-changes"
    started = time.perf_counter()
    directory.mkdir()
    try:
        for file in range(CHANGED):
            (directory / f"{file}").touch()
        until(lambda: clients.fetch(peer.http, "/fs/zz-changes/?format=txt", keep=True)[1].count(b"\n") >= CHANGED, 120, "all changes are seen")
        took = (time.perf_counter() - started) * 1000
        shutil.rmtree(directory)
        peer.wait_for_files(files)
        return took
    except CannotMeasure as failure:
        # The earlier measurements must not be lost.
        print(f"changes among {files:,} files: {failure}", file=sys.stderr)
        return float("nan")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
