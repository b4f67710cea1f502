"""Rows with a tree of a million files: scan, memory, find, search, restart."""

import contextlib
import os
import signal
import statistics
import subprocess
import time

from . import clients, trees
from .measure import Contender, Figures, Result, Sample, Target, against, turn_about
from .processes import CannotMeasure, run_command, until
from .servers import DftpNode

FACTS = "%p %s %T@ %m\\n"
SETTLE_SECONDS = 10


def scan(bench):
    root = trees.many_files(bench.files)
    figures = turn_about([
        Contender("dftp", lambda: scan_once(bench, root)),
        Contender("find -printf", lambda: command(["find", root, "-printf", FACTS])),
    ], bench.rounds)
    yield from against("scan", f"start to whole tree, {bench.files:,} files", "s", figures, {"find -printf": Target(0.6)}, "tree")


def scan_once(bench, root):
    return scan_once_of(bench, root, bench.files)


def scan_once_of(bench, root, files):
    started = time.perf_counter()
    with DftpNode(bench.folder, root) as node:
        node.wait_until_scanned()
        seconds, spent = time.perf_counter() - started, node.cpu_seconds()
        if node.files() != files:
            raise CannotMeasure(f"the node has {node.files()} files")
        return Sample(seconds, spent)


def command(words):
    seconds, spent, _ = run_command(words)
    return Sample(seconds, spent)


def memory(bench):
    """Resident bytes a file: with the tree, less those of an empty node."""
    empty_root = empty_directory(bench)
    rounds = min(bench.rounds, 3)
    at_once, later, merged, merged_later = [], [], [], []
    for _ in range(rounds):
        with DftpNode(bench.folder, empty_root, "empty") as empty:
            empty.wait_until_scanned()
            time.sleep(SETTLE_SECONDS)
            base = empty.rss()
            with DftpNode(bench.folder, trees.many_files(bench.files), "full") as full:
                full.wait_until_scanned()
                at_once.append((full.rss() - base) / bench.files)
                time.sleep(SETTLE_SECONDS)
                later.append((full.rss() - base) / bench.files)
                empty.join(full)
                empty.wait_for_files(bench.files)
                merged.append((empty.rss() - base) / bench.files)
                time.sleep(SETTLE_SECONDS)
                merged_later.append((empty.rss() - base) / bench.files)
    for when, found, bound in [
            ("right after the scan", at_once, 70), (f"{SETTLE_SECONDS} s after the scan", later, 70),
            ("right after a full update from a peer", merged, 85), (f"{SETTLE_SECONDS} s after that update", merged_later, 85)]:
        yield Result(
            "memory", f"memory, {bench.files:,} files, {when}", "B/file", Figures([Sample(figure) for figure in found]),
            target=Target(bound, of_ratio=False))


def find(bench):
    root = trees.many_files(bench.files)
    with DftpNode(bench.folder, root) as node, located(bench, root) as database:
        node.wait_until_scanned()
        figures = turn_about([
            Contender("dftp", lambda: answered(node, "/find/")),
            Contender("find", lambda: command(["find", root])),
            Contender("plocate", lambda: command(["plocate", "-d", database, "/"])),
        ], bench.rounds)
        yield from against("find", f"all paths of {bench.files:,} files", "s", figures, {"find": Target(0.3)}, "answer")


def search(bench):
    """Each search uses another part of a name, so that no answer is cached."""
    root = trees.many_files(bench.files)
    parts = [f"{first}-{second}-00" for first, second in (
        ("invoice", "photo"), ("budget", "letter"), ("holiday", "video"), ("track", "chapter"), ("view", "model"), ("scan", "log"))]
    with DftpNode(bench.folder, root) as node, located(bench, root) as database:
        node.wait_until_scanned()

        def ours():
            samples = [answered(node, f"/find/?name={part}", scale=1000) for part in parts]
            return Sample(statistics.median(sample.value for sample in samples), statistics.mean(sample.cpu for sample in samples))

        def plocate():
            samples = [command(["plocate", "-d", database, "-b", part]) for part in parts]
            return Sample(statistics.median(sample.value for sample in samples) * 1000, statistics.mean(sample.cpu for sample in samples))

        figures = turn_about([Contender("dftp", ours), Contender("plocate", plocate)], bench.rounds)
        yield from against(
            "search", f"search by a part of the name, {bench.files:,} files", "ms", figures, {"plocate": Target(20, of_ratio=False)}, "search")


def answered(node, path, scale=1):
    before = node.cpu_seconds()
    started = time.perf_counter()
    if clients.fetch_bytes(node.http, path) == 0:
        raise CannotMeasure(f"{path}: nothing was found")
    return Sample((time.perf_counter() - started) * scale, node.cpu_seconds() - before)


@contextlib.contextmanager
def located(bench, root):
    """A plocate database for a tree; removed afterwards."""
    database = bench.folder / "plocate.db"
    subprocess.run(
        ["updatedb", "-l", "0", "-U", str(root), "-o", str(database), "--prunepaths", "", "--prunenames", "", "--prunefs", "", "--prune-bind-mounts", "no"],
        check=True, stdin=subprocess.DEVNULL)
    try:
        yield database
    finally:
        database.unlink()


def restart(bench):
    """Seconds from the start over a saved tree to the first correct listing of a deep directory, and to a tree that equals the disk."""
    root = trees.many_files(bench.files)
    path, names = a_deep_directory(root)
    state = bench.folder / "state"
    state.mkdir()
    with DftpNode(bench.folder, root, state_directory=state) as node:
        node.wait_until_scanned()
    first, whole, restored = [], [], True
    for _ in range(bench.rounds):
        started = time.perf_counter()
        with DftpNode(bench.folder, root, state_directory=state) as node:
            until(lambda: node.require() or lists(node, path, names), 900, "the directory is listed", pause=0.002)
            first.append(Sample(time.perf_counter() - started, node.cpu_seconds()))
            restored = restored and node.report().get("savedTree", {}).get("restored", 0) > 0
            node.wait_until_scanned()
            whole.append(Sample(time.perf_counter() - started, node.cpu_seconds()))
            # The saved tree must be flushed to the disk, as it is after a day.
            node.process.send_signal(signal.SIGTERM)
            node.process.wait(60)
    yield Result("restart", f"restart to the first right listing, {bench.files:,} files", "s", Figures(first), cpu_unit="start",
                 remark="" if restored else "no tree was saved: the root is scanned")
    yield Result("restart", f"restart to the tree as it is on the disk, {bench.files:,} files", "s", Figures(whole), cpu_unit="start")


def a_deep_directory(root):
    """The URL path of a non-empty directory, and the names in it."""
    shard = min(entry.path for entry in os.scandir(root))
    deepest = max((path for path, _, files in os.walk(shard) if files), key=lambda path: (path.count("/"), path))
    return "/fs/" + os.path.relpath(deepest, root) + "/?format=txt", set(os.listdir(deepest))


def lists(node, path, names):
    try:
        status, body = clients.fetch(node.http, path, keep=True)
    except (OSError, CannotMeasure):
        return False
    return status == 200 and {name.rstrip("/") for name in body.decode().splitlines()} == names


def empty_directory(bench):
    empty = bench.folder / "empty"
    empty.mkdir(exist_ok=True)
    return empty
