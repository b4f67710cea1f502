"""The readers of a soak: their requests, and the check of each response."""

import http.client
import json
import random
import time
import urllib.parse

from .clients import FtpSession
from .processes import CannotMeasure
from .soak_evidence import Read, one_line

STABLE_FILES, SHARED_FILES = 200, 20


class Reader:
    """Reads random files and listings of all nodes until the soak stops. Every wrong response is a failure of the soak."""

    def __init__(self, soak, names, number):
        self.soak, self.truth, self.names = soak, soak.truth, names
        self.chance = random.Random(f"{soak.seed}-reader-{number}")

    def run(self):
        while not self.soak.stop.is_set():
            kind = self.chance.choices([self.read_file, self.read_shared, self.read_listing, self.read_by_ftp], [6, 3, 2, 3])[0]
            read = Read(self.chance.choice(self.names), self.path_for(kind), time.monotonic())
            try:
                kind(read)
            except (OSError, http.client.HTTPException, CannotMeasure) as error:
                self.soak.count("reads that broke off")
                if not self.soak.was_down([read.node] if kind == self.read_shared else self.names, self.soak.settled(read.begun)):
                    read.ended = time.monotonic()
                    self.soak.fail(f"{kind.__name__} from {read.node} failed while all nodes were up: {error!r}", read)
            self.soak.stop.wait(0.02)

    def path_for(self, kind):
        if kind == self.read_shared:
            return f"shared/{self.chance.randrange(SHARED_FILES)}"
        return "stable/a0" if kind == self.read_listing else self.chance.choice(list(self.truth.files()))

    def read_file(self, read):
        self.fetch(read, self.truth.owners[read.path])

    def read_shared(self, read):
        """One of two holders is always up, so only a fault of the asked node excuses an error."""
        self.fetch(read, owners="")

    def fetch(self, read, owners):
        headers, first, last = {}, 0, None
        if self.chance.random() < 0.4:
            first, last = self.chance.randrange(100_000), self.chance.randrange(100_000, 400_000)
            headers["Range"] = f"bytes={first}-{last}"
        self.ask(read, f"/fs/{urllib.parse.quote(read.path)}", headers)
        if read.status in (200, 206):
            read.total = len(read.body) if read.status == 200 else int(read.headers["Content-Range"].rsplit("/", 1)[1])
            read.start = 0 if read.status == 200 else first
            self.check_bytes(read, last if read.status == 206 else None)
        elif read.status == 416:
            if all(version.size > first for version in self.truth.readable(read.path, self.known_since(read), read.ended)):
                self.soak.fail(f"{read.node} says 416 of /{read.path} from byte {first} on", read)
        elif self.has_no_excuse(read, owners):
            self.soak.fail(f"{read.node} answers {read.status} for /{read.path}, which is there: {read.body[:200]!r}", read)
        self.soak.count("reads by HTTP")

    def has_no_excuse(self, read, owners):
        """Whether the file existed, was known and was readable all the time."""
        settled = self.soak.settled(read.begun)
        return not self.soak.was_down({read.node, *owners}, settled) and self.truth.was_there(read.path, settled, read.ended)

    def known_since(self, read):
        """A response without content may describe a recent version. If a node went down, the versions of that time stay valid longer."""
        settled = self.soak.settled(read.begun)
        return settled - (9 * (read.ended - settled) if self.soak.was_down(self.names, settled) else 0)

    def check_bytes(self, read, last):
        """Content must be of a version that the holder had during the read, whatever the asked node knew before."""
        self.soak.count("bytes read", len(read.body))
        for version in self.truth.readable(read.path, read.begun, read.ended):
            end = read.total if last is None else min(read.total, last + 1)
            if version.may_have_size(read.total, read.begun) and version.content[read.start:end] == read.body:
                return
        self.soak.fail(f"{read.node} gives wrong bytes for /{read.path}: {len(read.body)} from byte {read.start} on of {read.total}", read)

    def read_listing(self, read):
        """A listing that names no missing node must have the files of every node."""
        self.ask(read, "/fs/stable/?format=json")
        self.soak.count("listings")
        missing = read.headers.get("X-Dftp-Missing")
        settled = self.soak.settled(read.begun)
        if read.status == 404 and missing:
            return
        if read.status != 200:
            if not self.soak.was_down([read.node], settled):
                self.soak.fail(f"{read.node} answers {read.status} for a listing: {read.body[:200]!r}", read)
            return
        found = {entry["name"] for entry in json.loads(read.body)}
        lacking = [other for other in self.names if not {f"{other}{number}" for number in range(STABLE_FILES)} <= found]
        # The listing itself proves the failure; its bytes need no analysis.
        read.body = b""
        if lacking and not missing:
            self.soak.fail(f"a listing of {read.node} lacks files of {', '.join(lacking)} and does not say so", read)
        if missing and not self.soak.was_down(self.names, settled):
            self.soak.fail(f"{read.node} misses a node though all are there: {missing}", read)

    def read_by_ftp(self, read):
        session = TracedFtpSession(self.soak.ports[read.node][2], read)
        body = bytearray()
        try:
            if self.chance.random() < 0.2:
                session.fetch(b"LIST stable")
            version = self.truth.now(read.path)
            if self.chance.random() < 0.3 and version and version.size > 1000:
                read.start = 1000
                session.command(b"REST 1000", b"350")
            session.fetch(f"RETR {read.path}".encode(), body)
            session.quit()
        except CannotMeasure:
            read.ended = time.monotonic()
            if self.has_no_excuse(read, self.truth.owners[read.path]):
                raise
            return
        finally:
            session.control.close()
        read.ended = time.monotonic()
        read.body, read.total = bytes(body), read.start + len(body)
        self.soak.count("reads by FTP")
        self.check_bytes(read, None)

    def ask(self, read, target, headers=()):
        ask(self.soak.ports[read.node][0], "GET", target, headers, read)


class TracedFtpSession(FtpSession):
    """Records the control connection."""

    def __init__(self, port, read):
        self.read = read
        super().__init__(port)

    def command(self, text, code):
        self.read.asked += f"{text.decode()}; "
        return super().command(text, code)

    def reply(self, code):
        line = super().reply(code)
        self.read.answered += f"{line.decode(errors='replace')}; "
        return line


def ask(port, method, target, headers=(), read=None):
    """An HTTP request. If it fails in the middle, the read has the response until then."""
    read = read or Read("", target, time.monotonic())
    read.asked = f"{method} {target} {one_line(dict(headers))}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, target, headers=dict(headers))
        response = connection.getresponse()
        read.status, read.headers = response.status, response.headers
        read.answered = f"{response.status} {response.reason}; {one_line(response.headers)}"
        read.body = response.read()
    except http.client.IncompleteRead as cut:
        read.body = cut.partial
        raise
    finally:
        read.ended = time.monotonic()
        connection.close()
    return read
