"""The facts of the machine that are printed with its figures."""

import os
import pathlib
import platform
import subprocess

from . import hosts, trees
from .servers import DFTP

VERSIONS = {
    "dftp": [str(DFTP), "--version"],
    "nginx": ["nginx", "-v"],
    "vsftpd": ["dpkg-query", "-W", "-f", "${Version}", "vsftpd"],
    "wrk": ["wrk", "-v"],
    "plocate": ["plocate", "--version"],
    "find": ["find", "--version"],
}


def facts():
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.0f} GB",
        "kernel": platform.release().partition("-")[0],
        "file system": file_system(trees.home()),
        "congestion control": hosts.congestion_control(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "versions": {name: version(command) for name, command in VERSIONS.items()},
    }


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(folder):
    ended = subprocess.run(["df", "--output=fstype", folder], capture_output=True, text=True, check=False)
    return ended.stdout.split()[-1] if ended.returncode == 0 else "unknown"


def version(command):
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "absent"
    # wrk prints its version with its usage, and exits with 1.
    words = (ended.stdout + ended.stderr).strip().splitlines()
    return next((word for line in words[:1] for word in line.replace("/", " ").split() if any(map(str.isdigit, word))), "unknown").strip("()")
