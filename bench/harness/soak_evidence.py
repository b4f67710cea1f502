"""The report on a wrong read: request, response, and the state of the nodes, the disks and the truth."""

import dataclasses
import http.client
import json
import os
import threading
import time
import urllib.parse

from .soak_truth import BASE

MOST_PIECES, MOST_VERSIONS, MOST_FAULTS, LOG_LINES = 12, 8, 12, 12
RECENT = 120

# A piece is recognised by its first bytes; a shorter piece cannot be recognised.
PROBE = 16


@dataclasses.dataclass
class Read:
    """A request and its response."""
    node: str
    path: str
    begun: float
    asked: str = ""
    answered: str = ""
    status: int = 0
    headers: object = None
    body: bytes = b""
    # The offset of the body in the file, and the size of the file according to the response.
    start: int = 0
    total: int = 0
    ended: float = 0.0


class Pulse:
    """Measures how late this process is scheduled. The nodes may be as late."""

    INTERVAL, WORTH_TELLING = 0.1, 0.3

    def __init__(self):
        self.late = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.beat, daemon=True)
        self.thread.start()

    def beat(self):
        while True:
            before = time.monotonic()
            if self.stop.wait(self.INTERVAL):
                return
            lateness = time.monotonic() - before - self.INTERVAL
            if lateness > self.WORTH_TELLING:
                self.late.append((before, lateness))

    def missed_since(self, since):
        """Seconds in which this process did not run."""
        return sum(lateness for at, lateness in list(self.late) if at + lateness >= since)


class Evidence:
    """Collects the facts about a path. It asks the nodes, so the facts are those of the time of the call."""

    def __init__(self, folder, ports, truth, pulse):
        self.folder, self.ports, self.truth, self.pulse = folder, ports, truth, pulse
        self.faults = []

    def note_fault(self, what):
        self.faults.append((time.monotonic(), what))

    def of(self, read):
        """Lines about a read; times count from its start."""
        since = read.begun
        return [
            f"the read took {read.ended - since:.3f} s, and this is gathered {time.monotonic() - since:.3f} s after its begin",
            f"asked: {read.asked}",
            f"answered: {read.answered}",
            *(f"given: {line}" for line in pieces(read.body, read.start, read.path, self.truth)),
            *self.versions(read.path, since),
            *self.trees(read),
            *self.disks(read.path),
            *self.circumstances(read.node, since)]

    def versions(self, path, since):
        known = self.truth.of(path)
        yield f"the truth: /{path} had {len(known)} version(s), these last"
        first = max(0, len(known) - MOST_VERSIONS)
        for number, version in enumerate(known[first:], first):
            times = ", ".join(f"{name} {getattr(version, name) - since:+.3f}" for name in ("coming", "there", "going", "gone"))
            yield f"  version {number} by {version.made_by}: {version.size} bytes from {version.offset} of the base; {times}"

    def trees(self, read):
        """The entry of the path in each node's tree, the asked node first."""
        folder, _, name = read.path.rpartition("/")
        for node in sorted(self.ports, key=lambda other: other != read.node):
            yield f"{node}: HEAD {self.ask(node, 'HEAD', f'/fs/{urllib.parse.quote(read.path)}')}"
            status, missing, body = self.ask(node, "GET", f"/fs/{urllib.parse.quote(folder)}/?format=json", whole=True)
            if status == 200:
                entry = next((entry for entry in json.loads(body) if entry["name"] == name), "absent")
                yield f"{node}: in its listing {json.dumps(entry)}; missing nodes: {missing}"
            else:
                yield f"{node}: its listing is {status}, {body[:200]!r}; missing nodes: {missing}"
            yield f"{node}: /holders/ {self.ask(node, 'GET', f'/holders/{urllib.parse.quote(read.path)}')}"

    def ask(self, node, method, target, whole=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[node][0], timeout=10)
        try:
            connection.request(method, target)
            response = connection.getresponse()
            body = response.read()
            if whole:
                return response.status, response.headers.get("X-Dftp-Missing"), body
            return f"{response.status}; {one_line(response.headers)}; {' '.join(body.decode(errors='replace').split())[:600]}"
        except (OSError, http.client.HTTPException) as error:
            return (0, None, repr(error).encode()) if whole else repr(error)
        finally:
            connection.close()

    def disks(self, path):
        for node in self.ports:
            try:
                with open(self.folder / f"root-{node}" / path, "rb") as file:
                    facts, content = os.fstat(file.fileno()), file.read()
            except OSError as error:
                yield f"disk of {node}: {error.strerror}"
                continue
            yield (f"disk of {node}: {facts.st_size} bytes, inode {facts.st_ino}, modified {facts.st_mtime_ns}, changed {facts.st_ctime_ns}; "
                   f"content {'; '.join(pieces(content, 0, path, self.truth))}")

    def circumstances(self, node, since):
        yield "load of the machine: " + ", ".join(f"{load:.1f}" for load in os.getloadavg())
        recent = [(at, f"this process was not run for {lateness:.1f} s") for at, lateness in list(self.pulse.late)] + self.faults
        for at, what in sorted(entry for entry in recent if entry[0] > since - RECENT)[-MOST_FAULTS:]:
            yield f"at {at - since:+.1f} s: {what}"
        for line in (self.folder / f"{node}.log").read_text(errors="replace").splitlines()[-LOG_LINES:]:
            yield f"log of {node}: {line}"


def one_line(headers):
    return ", ".join(f"{name}: {value}" for name, value in headers.items())


def pieces(body, start, path, truth):
    """The version that each piece of some bytes belongs to."""
    at, told = 0, []
    while at < len(body) and len(told) < MOST_PIECES:
        source, length = find(body, at)
        where = f"bytes {start + at} to {start + at + length - 1}"
        if source is None:
            told.append(f"{where}: of no content, {bytes(body[at:at + PROBE])!r}")
        else:
            told.append(f"{where}: {owners_of(source - start - at, start + at + length, path, truth)}")
        at += length
    return told or ["no bytes"]


def find(body, at):
    """The origin of the bytes from an offset on, and how many come from there."""
    source = BASE.find(body[at:at + PROBE])
    length = min(len(body) - at, len(BASE) - source)
    if source < 0:
        # Finds the next recognisable piece, in steps that are smaller than any relevant piece.
        for later in range(at + PROBE, len(body), PROBE):
            if BASE.find(body[later:later + PROBE]) >= 0:
                return None, later - at
        return None, len(body) - at
    low, high = min(PROBE, length), length
    while low < high:
        middle = (low + high + 1) // 2
        if body[at:at + middle] == BASE[source:source + middle]:
            low = middle
        else:
            high = middle - 1
    return source, low


def owners_of(offset, end, path, truth):
    """The versions that have these bytes at this offset."""
    own = [f"version {number} ({version.size} bytes)" for number, version in enumerate(truth.of(path)) if (version.offset, True) == (offset, version.size >= end)]
    if own:
        return " or ".join(own)
    others = [f"/{version.path} by {version.made_by}, {version.size} bytes" for version in truth.all() if version.offset == offset and version.size >= end]
    return f"of no version of this path, but of {' or '.join(others[:4])}" if others else f"at {offset:+} of their place in the base, where no version has them"
