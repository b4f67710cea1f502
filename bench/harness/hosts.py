"""The network namespaces in which a row runs: both programs have the same conditions, and the machine's settings stay as they are.

Their congestion control is always `cubic`: BBR paces TCP, on loopback too, and the rows would measure its timers."""

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import subprocess

CONGESTION_CONTROL = "cubic"
CLONE_NEWNET = 0x40000000


@dataclasses.dataclass(frozen=True)
class Host:
    """A network namespace with an address; with two of them, each has its own core."""
    namespace: str | None
    address: str
    core: int | None = None

    def command(self, words):
        """The command line for this host. `ip netns exec` and `taskset` exec the program, so the process id is the program's."""
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        pinned = ["taskset", "-c", str(self.core)] if self.core is not None else []
        return [*inside, *pinned, *words]

    @contextlib.contextmanager
    def entered(self):
        """Moves this thread, and the processes that it starts, to this host temporarily."""
        if not self.namespace:
            yield
            return
        cores = os.sched_getaffinity(0)
        with open("/proc/thread-self/ns/net", "rb") as home:
            join_namespace(f"/run/netns/{self.namespace}")
            if self.core is not None:
                os.sched_setaffinity(0, {self.core})
            try:
                yield
            finally:
                os.sched_setaffinity(0, cores)
                set_namespace(home.fileno())


@dataclasses.dataclass(frozen=True)
class Layout:
    """The host of the server under test, and the host of its clients."""
    name: str
    server: Host
    client: Host


ONE_HOST, TWO_HOSTS = "loopback", "two hosts"
LOOPBACK = Host(None, "127.0.0.1")


@contextlib.contextmanager
def layouts():
    """Loopback, and two hosts with a core each if the machine has two cores. Without root: the machine's own loopback only."""
    if os.geteuid() != 0:
        yield [Layout(ONE_HOST, LOOPBACK, LOOPBACK)]
        return
    prefix = f"dftp-bench-{os.getpid()}"
    one, near, far = f"{prefix}-1", f"{prefix}-2", f"{prefix}-3"
    with contextlib.ExitStack() as made:
        made.enter_context(allowed_congestion_control())
        for name in (one, near, far):
            ip("netns", "add", name)
            made.callback(ip, "netns", "delete", name, check=False)
            ip("-n", name, "link", "set", "lo", "up")
            set_congestion_control(name)
        both = Host(one, "127.0.0.1")
        found = [Layout(ONE_HOST, both, both)]
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            ip("-n", near, "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", far)
            hosts = [Host(name, f"10.77.0.{number}", core) for number, (name, core) in enumerate([(far, cores[0]), (near, cores[1])], 1)]
            for host in hosts:
                ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", "veth0")
                ip("-n", host.namespace, "link", "set", "veth0", "up")
            found.append(Layout(TWO_HOSTS, *hosts))
        yield found


def ip(*words, check=True):
    subprocess.run(["ip", *words], check=check, stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def allowed_congestion_control():
    """Allows the algorithm on the machine: a namespace can choose only an allowed one."""
    setting = pathlib.Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
    before = setting.read_text()
    if CONGESTION_CONTROL in before.split():
        yield
        return
    setting.write_text(f"{before.strip()} {CONGESTION_CONTROL}")
    try:
        yield
    finally:
        setting.write_text(before)


def set_congestion_control(namespace):
    host = Host(namespace, "")
    subprocess.run(host.command(["sysctl", "-qw", f"net.ipv4.tcp_congestion_control={CONGESTION_CONTROL}"]), check=True, stdin=subprocess.DEVNULL)


def congestion_control():
    return pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()


def join_namespace(path):
    with open(path, "rb") as file:
        set_namespace(file.fileno())


def set_namespace(descriptor):
    # Python has os.setns from 3.12 on.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
