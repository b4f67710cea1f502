"""HTTP beside nginx."""

import contextlib
import functools
import re
import subprocess
import time

from . import clients, trees
from .measure import Contender, Sample, Target, against, turn_about
from .processes import CannotMeasure
from .servers import DftpNode, Nginx

WARM_UP_SECONDS = 12

# Asks for a thousand files in turn, each request written before the clock runs.
SMALL_FILES_LUA = """
local requests, at = {}, 0
function init(arguments)
  for number = 0, 999 do requests[number] = wrk.format("GET", string.format("%s/small/%03d.bin", arguments[1] or "", number)) end
end
function request() at = (at + 1) % 1000; return requests[at] end
"""


def http_big(bench):
    with one_of_each(bench) as (node, nginx):
        yield from big(bench, "http-big", "an own file", node, node.http, "nginx", nginx, nginx.port, [nginx])


def proxy_big(bench):
    with two_of_each(bench) as (nodes, nginxes):
        yield from big(bench, "proxy-big", "a file of another node", nodes[1], nodes[1].http, "nginx proxy_pass", nginxes[1], nginxes[1].port, nginxes, nodes)


def big(bench, row, whose, node, port, peer, nginx, nginx_port, nginxes, nodes=None):
    figures = turn_about([
        Contender("dftp", lambda: download(nodes or [node], port, "/fs/large", bench.megabytes)),
        Contender(peer, lambda: download(nginxes, nginx_port, "/large", bench.megabytes)),
    ], bench.rounds)
    yield from against(row, f"GET {bench.megabytes} MiB, {whose}", "MB/s", figures, {peer: Target(1.0, at_least=True)}, "GB")


def http_small(bench):
    with one_of_each(bench) as (node, nginx):
        figures = turn_about(small_file_contenders(
            bench, ("dftp", [node], node.http, "/fs"), ("nginx", [nginx], nginx.port, ""), ("nginx, open_file_cache", [nginx], nginx.cached, "")),
            bench.rounds, warm_seconds=WARM_UP_SECONDS)
        yield from against(
            "http-small", "GET 4 KiB files, 64 connections", "requests/s", figures,
            {"nginx": Target(1.0, at_least=True), "nginx, open_file_cache": Target(0.9, at_least=True)}, "request")


def proxy_small(bench):
    with two_of_each(bench) as (nodes, nginxes):
        figures = turn_about(
            small_file_contenders(bench, ("dftp", nodes, nodes[1].http, "/fs"), ("nginx proxy_pass", nginxes, nginxes[1].port, "")), bench.rounds,
            warm_seconds=WARM_UP_SECONDS)
        yield from against(
            "proxy-small", "GET 4 KiB files of another node, 64 connections", "requests/s", figures,
            {"nginx proxy_pass": Target(1.0, at_least=True)}, "request")


def http_listing(bench):
    with one_of_each(bench) as (node, nginx):
        figures = turn_about([
            Contender("dftp", lambda: wrk(bench, [node], f"http://127.0.0.1:{node.http}/fs/many/", 2)),
            Contender("nginx autoindex", lambda: wrk(bench, [nginx], f"http://127.0.0.1:{nginx.port}/many/", 2)),
        ], bench.rounds)
        yield from against(
            "http-listing", "listing of 10,000 entries, 2 connections", "listings/s", figures, {"nginx autoindex": Target(5, at_least=True)}, "listing")


@contextlib.contextmanager
def one_of_each(bench):
    root = trees.site(bench.megabytes)
    with DftpNode(bench.folder, root) as node, Nginx(bench.folder, root) as nginx:
        node.wait_until_scanned()
        nginx.wait_until_listening("/small/000.bin")
        yield node, nginx


@contextlib.contextmanager
def two_of_each(bench):
    """The holder and the one that is asked, of both kinds."""
    root = trees.site(bench.megabytes)
    empty = bench.folder / "empty"
    empty.mkdir(exist_ok=True)
    with contextlib.ExitStack() as running:
        holder = running.enter_context(DftpNode(bench.folder, root, "holder"))
        holder.wait_until_scanned()
        asked = running.enter_context(DftpNode(bench.folder, empty, "asked", joins=[holder.management]))
        origin = running.enter_context(Nginx(bench.folder, root))
        origin.wait_until_listening("/small/000.bin")
        proxy = running.enter_context(Nginx(bench.folder, origin=origin.port))
        proxy.wait_until_listening("/small/000.bin")
        asked.wait_for_files(holder.files(), 60)
        yield [holder, asked], [origin, proxy]


def download(servers, port, path, megabytes):
    before = cpu_of(servers)
    started = time.perf_counter()
    if (total := clients.fetch_bytes(port, path)) != megabytes << 20:
        raise CannotMeasure(f"{path}: {total} bytes")
    seconds = time.perf_counter() - started
    return Sample(total / 1e6 / seconds, (cpu_of(servers) - before) / (total / 1e9))


def small_file_contenders(bench, *contenders):
    return [Contender(name, functools.partial(small_files, bench, servers, port, prefix)) for name, servers, port, prefix in contenders]


def small_files(bench, servers, port, prefix):
    script = bench.folder / "small.lua"
    script.write_text(SMALL_FILES_LUA)
    return wrk(bench, servers, f"http://127.0.0.1:{port}", 64, "-s", script, "--", prefix)


def wrk(bench, servers, url, connections, *more):
    """Requests a second over some seconds; any answer that is not 2xx, and any that is lost, is an error."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{bench.seconds}s", "--timeout", "30s"]
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
