"""Rows with two nodes: join, change, reads during a merge."""

import contextlib
import gzip
import json
import os
import statistics
import subprocess
import time

from . import clients, trees
from .measure import Figures, Result, Sample, Target, percentile
from .processes import CannotMeasure, until
from .servers import DftpNode
from .tree_rows import empty_directory

CHANGES = 50
DIFFERENCES = 10
JOINING = 20
IDLE_SECONDS, READS_PER_SECOND = 3, 500


def join(bench):
    root = trees.many_files(bench.files)
    times, wire = [], []
    with DftpNode(bench.folder, root, "full") as full:
        full.wait_until_scanned()
        for turn in range(bench.rounds):
            seconds, sent, spent = join_once(bench, full, f"empty{turn}", bench.files)
            times.append(Sample(seconds, spent))
            wire.append(Sample(sent / 1e6))
    yield Result("join", f"join to merged, {bench.files:,} files", "s", Figures(times), target=Target(3, of_ratio=False), cpu_unit="join, both nodes")
    yield Result("join", f"bytes on the wire of that join, {bench.files:,} files", "MB", Figures(wire))


def join_once(bench, full, name, files):
    """Seconds from POST /join/ to the whole tree on an empty node, the bytes sent between the two, and both nodes' CPU seconds."""
    with DftpNode(bench.folder, empty_directory(bench), name) as empty:
        empty.wait_until_scanned()
        before = full.cpu_seconds() + empty.cpu_seconds()
        started = time.perf_counter()
        empty.join(full)
        empty.wait_for_files(files)
        seconds = time.perf_counter() - started
        return seconds, bytes_between([full.management, empty.management]), full.cpu_seconds() + empty.cpu_seconds() - before


def join_many(bench):
    """Empty nodes that join at the same moment, and the memory that the sending node needs for it."""
    root = trees.many_files(bench.files)
    with contextlib.ExitStack() as running:
        full = running.enter_context(DftpNode(bench.folder, root, "full"))
        full.wait_until_scanned()
        joining = [running.enter_context(DftpNode(bench.folder, empty_directory(bench), f"joining{number}")) for number in range(JOINING)]
        for node in joining:
            node.wait_until_scanned()
        full.reset_peak_rss()
        held = full.rss()
        started = time.perf_counter()
        for node in joining:
            node.join(full)
        for node in joining:
            node.wait_for_files(bench.files, pause=0.1)
        seconds = time.perf_counter() - started
        needed = full.peak_rss() - held
    yield Result("join-many", f"{JOINING} nodes join at once, {bench.files:,} files: until the last has all", "s", Figures([Sample(seconds)]))
    yield Result("join-many", f"memory that the sender needs for it beside its {held / 1e6:.0f} MB", "MB", Figures([Sample(needed / 1e6)]))


def bytes_between(ports):
    """The bytes sent and received on open connections to these ports, as the kernel counts them."""
    expression = " or ".join(f"sport = :{port}" for port in ports)
    ended = subprocess.run(["ss", "-tinOH", f"( {expression} )"], check=True, capture_output=True, text=True)
    words = ended.stdout.split()
    return sum(int(word.split(":")[1]) for word in words if word.startswith(("bytes_sent:", "bytes_received:")))


def repair(bench):
    """A node that knows all entries of another one but for ten: until it knows them too, against the full update to an empty node."""
    root = trees.many_files(bench.files)
    ours, full_updates, wire, full_wire = [], [], [], []
    with DftpNode(bench.folder, root, "holder") as holder:
        holder.wait_until_scanned()
        with DftpNode(bench.folder, empty_directory(bench), "knower") as knower:
            knower.wait_until_scanned()
            knower.join(holder)
            knower.wait_for_files(bench.files, pause=0.02)
            for turn in range(bench.rounds):
                seconds, sent, spent = join_once(bench, holder, f"empty{turn}", bench.files)
                full_updates.append(Sample(seconds, spent))
                full_wire.append(Sample(sent / 1000))
                seconds, sent, spent = repair_once(bench, holder, knower, turn)
                ours.append(Sample(seconds, spent))
                wire.append(Sample(sent / 1000))
            if holder.log.read_text().count("sent a full update to knower") != 1:
                raise CannotMeasure(f"there was no repair: {holder.last_words()}")
    work = f"{DIFFERENCES} differences of {bench.files:,} files to none"
    yield Result("repair", work, "s", Figures(ours), "full update", Figures(full_updates), cpu_unit="repair, both nodes")
    yield Result("repair", "bytes on the wire for that, both ways", "kB", Figures(wire), "full update", Figures(full_wire))


def repair_once(bench, holder, knower, turn):
    """Makes a node forget entries of its peer, and lets it ask for an update. Seconds, bytes between the two, both nodes' CPU seconds."""
    forget(bench, holder, knower, turn)
    ports = [holder.management, knower.management]
    wire, spent = bytes_between(ports), holder.cpu_seconds() + knower.cpu_seconds()
    started = time.perf_counter()
    knower.join(holder)
    knower.wait_for_files(bench.files, pause=0.02)
    seconds = time.perf_counter() - started
    return seconds, bytes_between(ports) - wire, holder.cpu_seconds() + knower.cpu_seconds() - spent


def forget(bench, holder, knower, turn):
    """Deletes entries at the knower by an update that seems to come from the holder, and leads to no state that the holder knows."""
    me = clients.fetch_json(holder.management, "/cluster/")["Me"]
    paths = some_files(holder.root, DIFFERENCES, turn)
    message = {
        "SenderNodeName": me["Name"], "Full": False, "UpdateTime": 1_700_000_000, "Epoch": me["Epoch"], "Sequence": me["Sequence"],
        "Since": me["Sequence"], "SinceDigest": me["Digest"],
        "Files": [{"Deletion": True, "FullName": path, "LastInfoUpdated": 1_700_000_000} for path in paths]}
    subprocess.run(
        ["curl", "-sS", "--fail", "--noproxy", "*", "--data-binary", "@-", "-H", "Content-Type: application/json",
         f"http://127.0.0.1:{knower.management}/update/"], input=json.dumps(message), text=True, check=True, stdout=subprocess.DEVNULL)
    if knower.files() != bench.files - len(paths):
        raise CannotMeasure(f"the node has {knower.files()} files instead of {len(paths)} fewer than {bench.files}")


def some_files(root, count, turn):
    """Paths of files in different parts of the tree, others in each turn."""
    shards = sorted(entry.path for entry in os.scandir(root) if entry.is_dir())
    found = []
    for number in range(count):
        shard = shards[(turn * count + number) * 37 % len(shards)]
        files = [os.path.join(path, file) for path, _, names in os.walk(shard) for file in names]
        found.append(os.path.relpath(files[(turn * 7919 + number * 104_729) % len(files)], root))
    return found


def change(bench):
    """New files; the other node is asked for each every millisecond."""
    with pair(bench) as (writer, reader):
        seconds = []
        connection = clients.KeptConnection(reader.http)
        for number in range(CHANGES):
            file = writer.root / f"change{number}"
            started = time.perf_counter()
            file.write_text("new")
            until(lambda file=file: connection.request(f"/fs/{file.name}", "HEAD")[0] == 200, 30, "the change is seen", pause=0.001)
            seconds.append((time.perf_counter() - started) * 1000)
            # Each change comes alone, so that none waits for the pause after another.
            time.sleep(0.1)
        connection.close()
    yield Result("change", f"change to visible on a peer, {CHANGES} changes: median", "ms", Figures([Sample(statistics.median(seconds))]), target=Target(150, of_ratio=False))
    yield Result("change", f"change to visible on a peer, {CHANGES} changes: worst", "ms", Figures([Sample(max(seconds))]), target=Target(1000, of_ratio=False))


class pair:
    """Two nodes of one cluster, each with a few files."""

    def __init__(self, bench):
        self.bench = bench
        self.nodes = []

    def __enter__(self):
        joins = []
        try:
            for name in ("writer", "reader"):
                root = self.bench.folder / name
                root.mkdir()
                for number in range(1000):
                    (root / f"{name}{number}").touch()
                self.nodes.append(DftpNode(self.bench.folder, root, name, joins))
                self.nodes[-1].wait_until_scanned()
                joins = [self.nodes[-1].management_address]
            for node in self.nodes:
                node.wait_for_files(2000, 60)
        except BaseException:
            self.__exit__()
            raise
        return self.nodes

    def __exit__(self, *_):
        for node in self.nodes:
            node.stop()


def merge_p99(bench):
    """Reads of a 4 KiB file at a fixed rate, first alone, then while a full update of all entries is received and merged.

    The update is sent from a file, so that the machine does not do the sender's work beside the receiver's."""
    update = full_update(bench)
    root = bench.folder / "read"
    root.mkdir()
    (root / "file").write_bytes(os.urandom(4096))
    idle, busy = [], []
    for _ in range(bench.rounds):
        with DftpNode(bench.folder, root, "reader") as node:
            node.wait_until_scanned()
            connection = clients.KeptConnection(node.http)
            reads(connection, until_seconds(2))
            idle.append(percentile(reads(connection, until_seconds(IDLE_SECONDS)), 0.99) * 1000)
            with subprocess.Popen(
                    ["curl", "-sS", "--fail", "--noproxy", "*", "--data-binary", f"@{update}", "-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip",
                     f"http://127.0.0.1:{node.management}/update/"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as upload:
                try:
                    busy.append(percentile(reads(connection, lambda: upload.poll() is None), 0.99) * 1000)
                finally:
                    upload.kill()
            if upload.returncode != 0 or node.files() != bench.files + 1:
                raise CannotMeasure(f"the update was not merged: {node.files()} files")
            connection.close()
    ours, alone = Figures([Sample(figure) for figure in busy]), Figures([Sample(figure) for figure in idle])
    yield Result("merge-p99", f"p99 of a read while {bench.files:,} entries are merged", "ms", ours, "dftp, idle", alone, Target(3))


def until_seconds(seconds):
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() < end


def reads(connection, goes_on):
    """The latencies of reads at a fixed rate; a late read counts from the time at which it was due."""
    latencies = []
    due = time.perf_counter()
    while goes_on():
        due += 1 / READS_PER_SECOND
        now = time.perf_counter()
        started = due
        if now < due:
            time.sleep(due - now)
            started = time.perf_counter()
        if connection.request("/fs/file") != (200, 4096):
            raise CannotMeasure("a read was not answered right")
        latencies.append(time.perf_counter() - started)
    return latencies


def full_update(bench):
    """A compressed full update of the tree from an invented node; kept between runs."""
    file = trees.home() / f"update-{bench.files}.json.gz"
    if file.exists():
        return file
    root = trees.many_files(bench.files)
    unfinished = file.with_suffix(".unfinished")
    with gzip.open(unfinished, "wt", compresslevel=1) as out:
        out.write('{"SenderNodeName":"sender","Full":true,"UpdateTime":1700000000,"Epoch":1700000000000,"Sequence":1,"Since":1,"Files":[')
        separator = ""
        for path, directories, files in os.walk(root):
            directories.sort()
            below = path[len(str(root)) + 1:]
            for name, is_directory in [(below, True)] * bool(below) + [(f"{below}/{file}".lstrip("/"), False) for file in sorted(files)]:
                out.write(separator + entry(name, is_directory))
                separator = ","
        out.write("]}")
    unfinished.rename(file)
    return file


def entry(path, is_directory):
    return json.dumps({
        "Deletion": False, "FullName": path, "Basename": path.rsplit("/", 1)[-1], "Dir": is_directory, "LastModified": 1_600_000_000 + hash_of(path) % 100_000_000,
        "LastInfoUpdated": 1_700_000_000, "SizeInBytes": 0 if is_directory else hash_of(path) % 10_000_000, "FileMode": 2147484141 if is_directory else 420,
        "OwnerNode": "sender"}, separators=(",", ":"))


def hash_of(path):
    """A hash that is the same in each run, unlike Python's."""
    value = 0
    for byte in path[-12:].encode():
        value = (value * 131 + byte) & 0xFFFFFFFF
    return value
