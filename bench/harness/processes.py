"""Servers and commands that a row starts. Each is ended by its process id, and its CPU time is measured."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
SINK = bytearray(1 << 20)


class CannotMeasure(Exception):
    """A row cannot be measured: a server does not start, or answers wrongly."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, limit, what, pause=0.005):
    """Waits for a condition; returns the seconds that it took."""
    started = time.perf_counter()
    while not condition():
        if time.perf_counter() - started > limit:
            raise CannotMeasure(f"not within {limit} s: {what}")
        time.sleep(pause)
    return time.perf_counter() - started


def exit_on_signals():
    """Makes SIGTERM and ^C unwind the stack, so that all started processes are ended."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(130))


class Server(contextlib.AbstractContextManager):
    """A foreground process whose output goes to a file."""

    def __init__(self, command, log, environment=None):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            # A session of its own, so that only this process passes on a ^C from the terminal.
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True)

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def stop(self, limit=20):
        if not self.is_running():
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def require(self):
        """Raises if the process has ended by itself."""
        if not self.is_running():
            raise CannotMeasure(f"{self.process.args[0]} ended with {self.process.returncode}: {self.last_words()}")

    def last_words(self, lines=5):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def cpu_seconds(self):
        """User and system time of the process and its children, ended ones included."""
        return sum(cpu_of(pid) for pid in family(self.pid))

    def rss(self):
        """Resident bytes, shared pages included."""
        return memory_of(self.pid)

    def peak_rss(self):
        """The peak of resident bytes since `reset_peak_rss`, or since the start."""
        return memory_of(self.pid, "VmHWM")

    def reset_peak_rss(self):
        # Linux' proc_pid_clear_refs(5).
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def family(pid):
    yield pid
    with contextlib.suppress(OSError):
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from family(int(child))


def cpu_of(pid):
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICKS


def memory_of(pid, what="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    raise CannotMeasure(f"process {pid} has ended")


def run_command(command):
    """Runs a command and counts its output. Returns seconds, CPU seconds, bytes."""
    started = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        total = 0
        while got := os.readv(process.stdout.fileno(), [SINK]):
            total += got
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        process.stdout.close()
    if process.returncode != 0:
        raise CannotMeasure(f"{command[0]} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, total
