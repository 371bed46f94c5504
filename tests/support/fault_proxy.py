"""A TCP proxy that does to a connection what networks do, on purpose and counted.

    with FaultProxy(port) as proxy:
        proxy.inject(Fault("reset", times=2))

A fault strikes a connection when the client sends something that contains `match`; `times` says
how many connections it strikes before it is used up. It never sees through TLS.
"""

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Literal, Self

Kind = Literal[
    "refuse",  # nobody listens
    "reset",  # RST as soon as the client speaks
    "blackhole",  # everything is swallowed, nothing comes back
    "http",  # an error answer instead of the server's (plain HTTP)
    "cut_up",  # RST after `after` bytes from the client
    "cut_down",  # ends after `after` bytes from the server, as if that were all
    "stall",  # nothing more after `after` bytes from the server, and no end
    "flip",  # bit 0 of byte `after` from the server is the other one
    "flip_up",  # the same on the way to the server
    "slow",  # at most `rate` bytes a second, each way
]
_CHUNK = 65_536
_RST = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens, to how many connections, and where in the stream."""

    kind: Kind
    times: int | None = None  # None: until heal()
    after: int = 0  # bytes, counted from the moment it strikes
    match: bytes = b""
    status: int = 503
    code: str = "SlowDown"  # S3's error code in the body
    rate: int = 65_536  # bytes per second


class FaultProxy:
    """Listens on 127.0.0.1:port and passes on to 127.0.0.1:target."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.connections = 0  # accepted so far
        self.struck = 0  # of those, hit by a fault
        self._fault: Fault | None = None
        self._left: int | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._pause = threading.Event()  # never set: its wait() is a pause
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.drop()

    def inject(self, fault: Fault) -> None:
        """From now on this fault strikes; open connections are reset, so that new ones meet it."""
        with self._lock:
            self._fault, self._left = fault, fault.times
        if fault.kind == "refuse":
            _close_listener(self._listener)
        self.drop()

    def heal(self) -> None:
        """No more faults; connections that were hit are reset."""
        with self._lock:
            refused = self._fault is not None and self._fault.kind == "refuse"
            self._fault = None
        if refused:
            self._listener = self._listen(self.port)
        self.drop()

    def drop(self) -> None:
        """Reset every open connection."""
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            _reset(connection)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed: the end
            while True:
                client, _ = listener.accept()
                self.connections += 1
                try:
                    server = socket.create_connection(("127.0.0.1", self.target), 5)
                except OSError:
                    _reset(client)
                    continue
                server.settimeout(None)
                with self._lock:
                    self._open |= {client, server}
                _Passage(self, client, server).start()

    def strike(self, chunk: bytes) -> Fault | None:
        """The fault that this chunk of a client calls down on its connection, if any."""
        with self._lock:
            fault = self._fault
            if fault is None or fault.match not in chunk or self._left == 0:
                return None
            if self._left is not None:
                self._left -= 1
            self.struck += 1
            return fault

    def forget(self, *connections: socket.socket) -> None:
        """These are done."""
        with self._lock:
            self._open -= set(connections)

    def knows(self, connection: socket.socket) -> bool:
        """Whether it is open, and not about to be reset."""
        with self._lock:
            return connection in self._open

    def pause(self, seconds: float) -> None:
        """Let time pass, for slow connections."""
        self._pause.wait(seconds)


class _Passage:
    """One connection: two threads, one for each way."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.fault: Fault | None = None
        self.up = self.down = 0  # bytes since the fault struck

    def start(self) -> None:
        for way in (self._up, self._down):
            threading.Thread(target=way, daemon=True).start()

    def _up(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self.client.recv(_CHUNK):
                self.fault = self.fault or self.proxy.strike(chunk)
                if not self._send_up(chunk):
                    return
            self._pass_end(self.server)

    def _send_up(self, chunk: bytes) -> bool:
        fault = self.fault
        if fault is not None and fault.kind in {"reset", "http"}:
            self._answer(fault)
            return False
        if fault is not None and fault.kind == "blackhole":
            return True
        if fault is not None and fault.kind == "cut_up" and self.up + len(chunk) > fault.after:
            self.server.sendall(chunk[: fault.after - self.up])
            self._end()
            return False
        if fault is not None and fault.kind == "flip_up":
            chunk = _flipped(chunk, fault.after - self.up)
        self.up += len(chunk)
        self._delay(len(chunk))
        self.server.sendall(chunk)
        return True

    def _down(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self.server.recv(_CHUNK):
                if not self._send_down(chunk):
                    return
            self._pass_end(self.client)

    def _pass_end(self, other: socket.socket) -> None:
        kept_waiting = self.fault is not None and self.fault.kind in {"http", "blackhole", "stall"}
        if self.proxy.knows(other) and not kept_waiting:
            other.shutdown(socket.SHUT_WR)

    def _send_down(self, chunk: bytes) -> bool:
        fault = self.fault
        if fault is not None and fault.kind in {"cut_down", "stall"}:
            passed = chunk[: max(0, fault.after - self.down)]
            self.client.sendall(passed)
            self.down += len(passed)
            if fault.kind == "cut_down" and self.down >= fault.after:
                self.client.shutdown(socket.SHUT_RDWR)
                return False
            return True
        if fault is not None and fault.kind == "flip":
            chunk = _flipped(chunk, fault.after - self.down)
        self.down += len(chunk)
        self._delay(len(chunk))
        self.client.sendall(chunk)
        return True

    def _delay(self, count: int) -> None:
        if self.fault is not None and self.fault.kind == "slow":
            self.proxy.pause(count / self.fault.rate)

    def _answer(self, fault: Fault) -> None:
        if fault.kind == "http":
            body = f"<Error><Code>{fault.code}</Code><Message>injected</Message></Error>"
            head = f"HTTP/1.1 {fault.status} Injected\r\nContent-Type: application/xml\r\n"
            head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            self.client.sendall((head + body).encode())
            self.client.shutdown(socket.SHUT_WR)
            while self.client.recv(_CHUNK):  # a close with unread bytes would be an RST
                pass
        self._end()

    def _end(self) -> None:
        self.proxy.forget(self.client, self.server)
        _reset(self.client)
        _reset(self.server)


def _flipped(chunk: bytes, offset: int) -> bytes:
    if not 0 <= offset < len(chunk):
        return chunk
    return chunk[:offset] + bytes([chunk[offset] ^ 1]) + chunk[offset + 1 :]


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
        connection.shutdown(socket.SHUT_RD)  # wakes a thread that waits in recv(), sends nothing
    connection.close()


def _close_listener(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept()
    listener.close()
