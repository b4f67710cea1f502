"""Clients that cost as little as Python allows."""

import json
import re
import socket

from .processes import SINK, CannotMeasure


def fetch(port, path, method="GET", keep=False, host="127.0.0.1"):
    """One request on a new connection. Returns the status and the body's bytes: their number, or the bytes themselves.

    It uses HTTP/1.0, so that a streamed body ends with the connection. Chunks would cost the client more than the server."""
    with socket.create_connection((host, port), timeout=120) as connection:
        length = "Content-Length: 0\r\n" if method == "POST" else ""
        connection.sendall(f"{method} {path} HTTP/1.0\r\nHost: {host}:{port}\r\n{length}\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            got = connection.recv(65536)
            if not got:
                raise CannotMeasure(f"{path}: the answer broke off in its head")
            head += got
        head, _, start = head.partition(b"\r\n\r\n")
        status = int(head.split(None, 2)[1])
        body, total = bytearray(start), len(start)
        # Threads share the sink: what is kept never goes through it.
        while got := connection.recv(65536) if keep else connection.recv_into(SINK):
            if keep:
                body += got
            total += len(got) if keep else got
        length = re.search(rb"\r\nContent-Length: *(\d+)", head, re.IGNORECASE)
        if method != "HEAD" and length and int(length[1]) != total:
            raise CannotMeasure(f"{path}: {total} bytes instead of {length[1].decode()}")
        return status, bytes(body) if keep else total


def fetch_bytes(port, path, host="127.0.0.1"):
    """The length of a body that must come with 200."""
    status, total = fetch(port, path, host=host)
    if status != 200:
        raise CannotMeasure(f"{path}: status {status}")
    return total


def status_of(port, path, method="HEAD", host="127.0.0.1"):
    """The status; 0 if there is no answer."""
    try:
        return fetch(port, path, method, host=host)[0]
    except (OSError, CannotMeasure):
        return 0


def fetch_json(port, path, host="127.0.0.1"):
    status, body = fetch(port, path, keep=True, host=host)
    if status != 200:
        raise CannotMeasure(f"{path}: status {status}")
    return json.loads(body)


class KeptConnection:
    """Sequential requests on one connection; every response must have a length."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = port

    def request(self, path, method="GET"):
        """The status and the length of the body."""
        self.connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            got = self.connection.recv(65536)
            if not got:
                raise CannotMeasure(f"{path}: the connection was closed")
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"\r\nContent-Length: *(\d+)", head, re.IGNORECASE)[1])
        left = 0 if method == "HEAD" else length - len(body)
        while left > 0:
            got = self.connection.recv_into(SINK, min(left, len(SINK)))
            if not got:
                raise CannotMeasure(f"{path}: the body broke off")
            left -= got
        return int(head.split(None, 2)[1]), length

    def close(self):
        self.connection.close()


class FtpSession:
    """A control connection; each transfer uses PASV and one data connection."""

    def __init__(self, port, host="127.0.0.1"):
        self.host = host
        self.control = socket.create_connection((host, port), timeout=60)
        self.control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.reply(b"220")
        self.command(b"USER anonymous", b"331")
        self.command(b"PASS bench@", b"230")
        self.command(b"TYPE I", b"200")

    def reply(self, code):
        while True:
            line, end, rest = self.buffer.partition(b"\r\n")
            if not end:
                more = self.control.recv(4096)
                if not more:
                    raise CannotMeasure("FTP: the control connection was closed")
                self.buffer += more
                continue
            self.buffer = rest
            if line[3:4] == b" ":
                if line[:3] != code:
                    raise CannotMeasure(f"FTP: {line!r} instead of {code!r}")
                return line

    def command(self, text, code):
        self.control.sendall(text + b"\r\n")
        return self.reply(code)

    def fetch(self, text, keep=None):
        """The number of bytes of a transfer; the bytes are also added to a buffer if one is given."""
        numbers = re.search(rb"(\d+),(\d+)\)", self.command(b"PASV", b"227"))
        with socket.create_connection((self.host, int(numbers[1]) * 256 + int(numbers[2])), timeout=60) as data:
            self.command(text, b"150")
            total = 0
            # Threads share the sink: what is kept never goes through it.
            while got := data.recv(len(SINK)) if keep is not None else data.recv_into(SINK):
                if keep is not None:
                    keep += got
                total += len(got) if keep is not None else got
        self.reply(b"226")
        return total

    def quit(self):
        self.command(b"QUIT", b"221")
        self.control.close()
