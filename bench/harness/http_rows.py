"""HTTP beside nginx."""

import contextlib
import functools
import os
import re
import subprocess
import time

from . import clients, trees
from .measure import Contender, Sample, Target, against, turn_about
from .processes import CannotMeasure
from .servers import DftpNode, Nginx

# After the first five seconds, which are measured as "cold". The managed form of the program is warm after ten seconds in all.
COLD_SECONDS, WARM_UP_SECONDS = 5, 6

# Asks for a thousand files in turn; the requests are built before the measurement starts.
SMALL_FILES_LUA = """
local requests, at = {}, 0
function init(arguments)
  for number = 0, 999 do requests[number] = wrk.format("GET", string.format("%s/small/%03d.bin", arguments[1] or "", number)) end
end
function request() at = (at + 1) % 1000; return requests[at] end
"""


def http_big(bench):
    for layout in bench.layouts:
        with layout.client.entered(), one_of_each(bench, layout) as (node, nginx):
            yield from big(bench, "http-big", "an own file", layout, node, "nginx", nginx, [node], [nginx])


def proxy_big(bench):
    for layout in bench.layouts:
        with layout.client.entered(), two_of_each(bench, layout) as (nodes, nginxes):
            yield from big(bench, "proxy-big", "a file of another node", layout, nodes[1], "nginx proxy_pass", nginxes[1], nodes, nginxes)


def big(bench, row, whose, layout, node, peer, nginx, nodes, nginxes):
    figures = turn_about([
        Contender("dftp", lambda: download(nodes, node, node.http, "/fs/large", bench.megabytes)),
        Contender(peer, lambda: download(nginxes, nginx, nginx.port, "/large", bench.megabytes)),
    ], bench.rounds)
    yield from against(
        row, f"GET {bench.megabytes} MiB, {whose}", "MB/s", figures, {peer: Target(1.0, at_least=True)}, "GB", where=layout.name)


def http_small(bench):
    for layout in bench.layouts:
        with layout.client.entered(), one_of_each(bench, layout) as (node, nginx):
            figures = turn_about([
                small_files(bench, "dftp", [node], node, node.http, "/fs"),
                small_files(bench, "nginx", [nginx], nginx, nginx.port, ""),
                small_files(bench, "nginx, open_file_cache", [nginx], nginx, nginx.cached, ""),
            ], bench.rounds, warm_seconds=WARM_UP_SECONDS)
            yield from against(
                "http-small", "GET 4 KiB files, 64 connections", "requests/s", figures,
                {"nginx": Target(1.0, at_least=True), "nginx, open_file_cache": Target(0.9, at_least=True)}, "request", layout.name)


def proxy_small(bench):
    for layout in bench.layouts:
        with layout.client.entered(), two_of_each(bench, layout) as (nodes, nginxes):
            figures = turn_about([
                small_files(bench, "dftp", nodes, nodes[1], nodes[1].http, "/fs"),
                small_files(bench, "nginx proxy_pass", nginxes, nginxes[1], nginxes[1].port, ""),
            ], bench.rounds, warm_seconds=WARM_UP_SECONDS)
            yield from against(
                "proxy-small", "GET 4 KiB files of another node, 64 connections", "requests/s", figures,
                {"nginx proxy_pass": Target(1.0, at_least=True)}, "request", layout.name)


def tls_small(bench):
    """What the lock between nodes costs a small file of another node: ours is the locked form, the peers are dftp with less of it."""
    for layout in bench.layouts:
        with layout.client.entered(), one_of_each_lock(bench, layout) as pairs:
            figures = turn_about(
                [small_files(bench, lock, nodes, nodes[1], nodes[1].http, "/fs") for lock, nodes in pairs.items()],
                bench.rounds, warm_seconds=WARM_UP_SECONDS)
            yield from against("tls-small", "GET 4 KiB files of another node by TLS, 64 connections", "requests/s", figures, {}, "request", layout.name)


def tls_big(bench):
    """As tls_small, for a large file."""
    for layout in bench.layouts:
        with layout.client.entered(), one_of_each_lock(bench, layout) as pairs:
            figures = turn_about([
                Contender(lock, functools.partial(download, nodes, nodes[1], nodes[1].http, "/fs/large", bench.megabytes))
                for lock, nodes in pairs.items()], bench.rounds)
            yield from against("tls-big", f"GET {bench.megabytes} MiB of another node by TLS", "MB/s", figures, {}, "GB", layout.name)


def http_listing(bench):
    for layout in bench.layouts:
        with layout.client.entered(), one_of_each(bench, layout) as (node, nginx):
            figures = turn_about([
                wrk_contender(bench, "dftp", [node], f"http://{node.host.address}:{node.http}/fs/many/", 2),
                wrk_contender(bench, "nginx autoindex", [nginx], f"http://{nginx.host.address}:{nginx.port}/many/", 2),
            ], bench.rounds, warm_seconds=WARM_UP_SECONDS)
            yield from against(
                "http-listing", "listing of 10,000 entries, 2 connections", "listings/s", figures,
                {"nginx autoindex": Target(12, at_least=True)}, "listing", layout.name)


@contextlib.contextmanager
def one_of_each(bench, layout):
    root = trees.site(bench.megabytes)
    with DftpNode(bench.folder, root, host=layout.server) as node, Nginx(bench.folder, root, host=layout.server) as nginx:
        node.wait_until_scanned()
        nginx.wait_until_listening("/small/000.bin")
        yield node, nginx


@contextlib.contextmanager
def two_of_each(bench, layout):
    """Both proxies: the holder shares the clients' host, the proxy has a host of its own."""
    root = trees.site(bench.megabytes)
    empty = bench.folder / "empty"
    empty.mkdir(exist_ok=True)
    with contextlib.ExitStack() as running:
        holder = running.enter_context(DftpNode(bench.folder, root, "holder", host=layout.client))
        holder.wait_until_scanned()
        asked = running.enter_context(DftpNode(bench.folder, empty, "asked", joins=[holder.management_address], host=layout.server))
        origin = running.enter_context(Nginx(bench.folder, root, host=layout.client))
        origin.wait_until_listening("/small/000.bin")
        proxy = running.enter_context(Nginx(bench.folder, origin=f"{origin.host.address}:{origin.port}", host=layout.server))
        proxy.wait_until_listening("/small/000.bin")
        asked.wait_for_files(holder.files(), 60)
        yield [holder, asked], [origin, proxy]


@contextlib.contextmanager
def one_of_each_lock(bench, layout):
    """A holder and a node without files, by what protects them from each other: nothing, signatures, or TLS too."""
    root = trees.site(bench.megabytes)
    secret = bench.folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(f"{os.urandom(32).hex()}\n")
    locks = {
        "dftp": [f"--cluster-secret-file={secret}"],
        "dftp, secret without TLS": [f"--cluster-secret-file={secret}", "--cluster-tls=off"],
        "dftp, open": [],
    }
    with contextlib.ExitStack() as running:
        pairs = {}
        for number, (lock, more) in enumerate(locks.items()):
            empty = bench.folder / f"empty-{number}"
            empty.mkdir(exist_ok=True)
            holder = running.enter_context(DftpNode(bench.folder, root, f"holder-{number}", more=more, host=layout.client))
            holder.wait_until_scanned()
            asked = running.enter_context(
                DftpNode(bench.folder, empty, f"asked-{number}", joins=[holder.management_address], more=more, host=layout.server))
            asked.wait_for_files(holder.files(), 60)
            pairs[lock] = [holder, asked]
        yield pairs


def download(servers, server, port, path, megabytes):
    before = cpu_of(servers)
    started = time.perf_counter()
    if (total := clients.fetch_bytes(port, path, server.host.address)) != megabytes << 20:
        raise CannotMeasure(f"{path}: {total} bytes")
    seconds = time.perf_counter() - started
    return Sample(total / 1e6 / seconds, (cpu_of(servers) - before) / (total / 1e9))


def small_files(bench, name, servers, server, port, prefix):
    script = bench.folder / "small.lua"
    script.write_text(SMALL_FILES_LUA)
    return wrk_contender(bench, name, servers, f"http://{server.host.address}:{port}", 64, "-s", script, "--", prefix)


def wrk_contender(bench, name, servers, *arguments):
    return Contender(
        name, functools.partial(wrk, bench.seconds, servers, *arguments), functools.partial(wrk, COLD_SECONDS, servers, *arguments))


def wrk(seconds, servers, url, connections, *more):
    """Requests a second over some seconds; a response other than 2xx, or a lost one, is an error."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    before = cpu_of(servers)
    # The script's arguments come after the URL.
    script, arguments = ([*more[:2]], [*more[2:]]) if more else ([], [])
    ended = subprocess.run([*command, *map(str, script), url, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    spent = cpu_of(servers) - before
    text = ended.stdout
    rate = re.search(r"Requests/sec: +([\d.]+)", text)
    count = re.search(r"(\d+) requests in", text)
    if not rate or not count or "Non-2xx" in text or "Socket errors" in text or int(count[1]) == 0:
        raise CannotMeasure(f"wrk {url}: {(text + ended.stderr).strip()[-400:]}")
    return Sample(float(rate[1]), spent / int(count[1]))


def cpu_of(servers):
    return sum(server.cpu_seconds() for server in servers)
