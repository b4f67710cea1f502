"""FTP beside vsftpd."""

import contextlib
import functools
import time

from . import trees
from .clients import FtpSession
from .measure import Contender, Sample, Target, against, turn_about
from .processes import CannotMeasure
from .servers import DftpNode, Vsftpd, wait_for_ftp

SMALL_FILES, LOGINS, LISTINGS = 1000, 200, 20

WARM_UP_SECONDS = 3


def ftp_big(bench):
    yield from row(bench, "ftp-big", f"RETR {bench.megabytes} MiB", "MB/s", functools.partial(large, bench.megabytes), 1.0, "GB", per=1000)


def ftp_small(bench):
    yield from row(bench, "ftp-small", "RETR 4 KiB, in one session", "files/s", small, 1.5, "file")


def ftp_session(bench):
    yield from row(bench, "ftp-session", "log in, LIST, QUIT", "sessions/s", sessions, 3, "session")


def ftp_listing(bench):
    yield from row(bench, "ftp-listing", "LIST of 10,000 entries", "listings/s", listings, 5, "listing")


def row(bench, name, work, unit, measure, bound, cpu_unit, per=1):
    for layout in bench.layouts:
        with layout.client.entered(), both(bench, layout) as (node, vsftpd):
            figures = turn_about([
                Contender("dftp", functools.partial(timed, node, node.ftp, measure, per)),
                Contender("vsftpd", functools.partial(timed, vsftpd, vsftpd.port, measure, per)),
            ], bench.rounds, warm_seconds=WARM_UP_SECONDS)
            yield from against(name, work, unit, figures, {"vsftpd": Target(bound, at_least=True)}, cpu_unit, layout.name)


@contextlib.contextmanager
def both(bench, layout):
    root = trees.site(bench.megabytes)
    with DftpNode(bench.folder, root, ftp=True, host=layout.server) as node, Vsftpd(bench.folder, root, layout.server) as vsftpd:
        node.wait_until_scanned()
        wait_for_ftp(node, node.ftp, "many", 100_000)
        wait_for_ftp(vsftpd, vsftpd.port, "many", 100_000)
        yield node, vsftpd


def timed(server, port, work, per):
    """Units of work a second, and the CPU seconds for each `per` of them."""
    before = server.cpu_seconds()
    started = time.perf_counter()
    done = work(server.host.address, port)
    seconds = time.perf_counter() - started
    return Sample(done / seconds, (server.cpu_seconds() - before) / done * per)


def large(megabytes, host, port):
    session = FtpSession(port, host)
    expect(session.fetch(b"RETR large") == megabytes << 20)
    session.quit()
    return megabytes * 1.048576


def small(host, port):
    session = FtpSession(port, host)
    for number in range(SMALL_FILES):
        expect(session.fetch(b"RETR small/%03d.bin" % number) == 4096)
    session.quit()
    return SMALL_FILES


def sessions(host, port):
    for _ in range(LOGINS):
        session = FtpSession(port, host)
        expect(session.fetch(b"LIST") > 0)
        session.quit()
    return LOGINS


def listings(host, port):
    session = FtpSession(port, host)
    session.command(b"CWD many", b"250")
    for _ in range(LISTINGS):
        expect(session.fetch(b"LIST") > 500_000)
    session.quit()
    return LISTINGS


def expect(condition):
    if not condition:
        raise CannotMeasure("FTP: the wrong number of bytes")
