"""dftp and its peers, each on a host."""

import os
import pathlib

from . import clients
from .hosts import LOOPBACK
from .processes import CannotMeasure, Server, free_port, until

DFTP = pathlib.Path(__file__).resolve().parent.parent.parent / "bin" / "dftp"


class DftpNode(Server):
    """A node. The constructor waits until it listens only if asked to."""

    def __init__(self, folder, root, name="node", joins=(), ftp=False, state_directory="", ports=None, more=(), host=LOOPBACK):
        self.name, self.root, self.host = name, pathlib.Path(root), host
        self.http, self.management, self.ftp = ports or (free_port(), free_port(), free_port())
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DFTP_", "DOTNET_", "ASPNETCORE_"))}
        super().__init__(
            host.command([DFTP, f"--dfsroot={root}", f"--node-name={name}", f"--cluster-name=bench-{os.getpid()}", f"--http-listen={host.address}:{self.http}",
             f"--http-mgmt-listen={host.address}:{self.management}", f"--ftp-listen={f'{host.address}:{self.ftp}' if ftp else ''}",
             "--multicast-discovery-addr=", f"--state-dir={state_directory}", *(f"--join={address}" for address in joins), *more]),
            pathlib.Path(folder) / f"{name}.log", environment)

    @property
    def management_address(self):
        return f"{self.host.address}:{self.management}"

    def has_scanned(self):
        self.require()
        return clients.status_of(self.http, "/readyz", "GET", self.host.address) == 200

    def wait_until_scanned(self, limit=900):
        return until(self.has_scanned, limit, f"{self.name} has read its root")

    def report(self):
        return clients.fetch_json(self.http, "/status/", self.host.address)

    def files(self):
        """Number of files of the merged tree; None while the node does not listen yet."""
        self.require()
        try:
            return self.report()["files"]
        except ConnectionRefusedError:
            return 0

    def wait_for_files(self, count, limit=900, pause=0.005):
        return until(lambda: self.files() == count, limit, f"{self.name} has {count:,} files", pause)

    def join(self, other):
        status, _ = clients.fetch(self.management, f"/join/?peer={other.management_address}", "POST", host=self.host.address)
        if status != 200:
            raise CannotMeasure(f"{self.name} cannot join {other.name}: status {status}")


class Nginx(Server):
    """nginx over a root: `port` with its defaults, `cached` with open_file_cache. With an origin: a proxy for that address."""

    def __init__(self, folder, root=None, origin=None, host=LOOPBACK):
        self.host = host
        self.port, self.cached = free_port(), free_port()
        home = pathlib.Path(folder) / f"nginx-{self.port}"
        home.mkdir()
        temporary = "".join(f"{kind}_temp_path {home}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        files = f"root {root}; autoindex on;"
        servers = f"""
            server {{ listen {host.address}:{self.port}; {files} }}
            server {{ listen {host.address}:{self.cached}; {files}
                open_file_cache max=20000 inactive=60s; open_file_cache_valid 60s; open_file_cache_min_uses 1; }}"""
        if origin:
            # nginx's own advice for fast proxies: kept connections, and no temporary file on the disk.
            servers = f"""
            upstream origin {{ server {origin}; keepalive 64; keepalive_requests 1000000000; }}
            server {{ listen {host.address}:{self.port};
                location / {{ proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection "";
                    proxy_buffers 16 64k; proxy_max_temp_file_size 0; }} }}"""
        (home / "nginx.conf").write_text(f"""
            daemon off; worker_processes {1 if host.core is not None else "auto"}; pid {home}/pid; error_log {home}/error.log;
            events {{ worker_connections 4096; }}
            http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/octet-stream;
            {temporary}{servers} }}""")
        super().__init__(host.command(["nginx", "-e", home / "error.log", "-c", home / "nginx.conf"]), home / "log")

    def wait_until_listening(self, path="/"):
        until(lambda: self.require() or clients.status_of(self.port, path, host=self.host.address) == 200, 30, "nginx answers")


class Vsftpd(Server):
    def __init__(self, folder, root, host=LOOPBACK):
        self.host = host
        self.port = free_port()
        empty = pathlib.Path("/var/run/vsftpd/empty")
        empty.mkdir(parents=True, exist_ok=True)
        configuration = pathlib.Path(folder) / "vsftpd.conf"
        configuration.write_text(
            f"listen=YES\nlisten_address={host.address}\nlisten_port={self.port}\nbackground=NO\nanonymous_enable=YES\nno_anon_password=NO\n"
            f"local_enable=NO\nanon_root={root}\nseccomp_sandbox=NO\nxferlog_enable=NO\nmax_per_ip=0\n"
            f"hide_ids=YES\nsecure_chroot_dir={empty}\n")
        configuration.chmod(0o644)
        super().__init__(host.command(["vsftpd", configuration]), pathlib.Path(folder) / "vsftpd.log")


def wait_for_ftp(server, port, directory, least):
    """Waits until an FTP server lists all entries of a directory."""
    def lists():
        server.require()
        try:
            session = clients.FtpSession(port, server.host.address)
            whole = session.fetch(f"NLST {directory}".encode()) >= least
            session.quit()
            return whole
        except (OSError, CannotMeasure):
            return False
    until(lists, 60, f"the FTP server at port {port} lists {directory}", pause=0.1)
