"""The fault proxy does what it says: other tests stand on it."""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.fault_proxy import Fault, FaultProxy

MESSAGE = bytes(range(256)) * 40  # 10 KiB


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it gets; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while chunk := connection.recv(65_536):
                connection.sendall(chunk)
            connection.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield listener.getsockname()[1]


@pytest.fixture
def proxy(echo: int) -> Iterator[FaultProxy]:
    """A proxy in front of it."""
    with FaultProxy(echo) as proxy:
        yield proxy


def say(proxy: FaultProxy, message: bytes = MESSAGE, timeout: float = 5) -> bytes:
    """All that comes back on one connection."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout) as connection:
        connection.sendall(message)
        with contextlib.suppress(OSError):  # reset already; recv() will say so
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
        return answer


def test_without_a_fault_every_byte_passes(proxy):
    """A healthy proxy changes nothing."""
    assert say(proxy) == MESSAGE
    assert (proxy.connections, proxy.struck) == (1, 0)


def test_a_reset_strikes_as_often_as_asked(proxy):
    """With times=2 the third connection lives."""
    proxy.inject(Fault("reset", times=2))
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            say(proxy)
    assert say(proxy) == MESSAGE
    assert proxy.struck == 2


def test_a_refused_port_opens_again(proxy):
    """Refuse closes the port, and heal opens the same one."""
    proxy.inject(Fault("refuse"))
    with pytest.raises(ConnectionRefusedError):
        say(proxy)
    proxy.heal()
    assert say(proxy) == MESSAGE


def test_a_black_hole_never_answers(proxy):
    """The client's own timeout is all that ends it."""
    proxy.inject(Fault("blackhole"))
    with pytest.raises(TimeoutError):
        say(proxy, timeout=0.3)


def test_an_answer_cut_short_looks_like_its_end(proxy):
    """Only the first bytes come, and then a clean end."""
    proxy.inject(Fault("cut_down", after=1_000))
    assert say(proxy) == MESSAGE[:1_000]


def test_an_upload_is_cut_in_the_middle(proxy):
    """The client sees a reset."""
    proxy.inject(Fault("cut_up", after=1_000))
    with pytest.raises(ConnectionResetError):
        say(proxy)


def test_a_stall_stops_and_does_not_end(proxy):
    """The first bytes come, then silence."""
    proxy.inject(Fault("stall", after=1_000))
    with socket.create_connection(("127.0.0.1", proxy.port), 0.5) as connection:
        connection.sendall(MESSAGE)
        assert connection.recv(65_536) == MESSAGE[:1_000]
        with pytest.raises(TimeoutError):
            connection.recv(1)


@pytest.mark.parametrize("kind", ["flip", "flip_up"])
def test_a_flip_changes_one_bit(proxy, kind):
    """One bit of one byte, all others as they were."""
    proxy.inject(Fault(kind, after=5_000))
    answer = say(proxy)
    assert len(answer) == len(MESSAGE)
    assert [(i, a ^ b) for i, (a, b) in enumerate(zip(answer, MESSAGE, strict=True)) if a != b] == [
        (5_000, 1)
    ]


def test_an_http_error_answers_in_the_servers_place(proxy):
    """Status and S3 code as injected, for requests that match."""
    proxy.inject(Fault("http", match=b"PUT ", status=503, code="SlowDown"))
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    connection.request("PUT", "/bucket/key", body=MESSAGE)
    answer = connection.getresponse()
    assert answer.status == 503
    assert b"<Code>SlowDown</Code>" in answer.read()
    assert say(proxy, b"GET / HTTP/1.1\r\n\r\n") == b"GET / HTTP/1.1\r\n\r\n"


def test_a_slow_line_keeps_its_rate(proxy):
    """10 KiB at 20 KiB/s each way take a second."""
    proxy.inject(Fault("slow", rate=20_480))
    started = time.monotonic()
    assert say(proxy) == MESSAGE
    assert 0.9 < time.monotonic() - started < 5


def test_open_connections_meet_a_new_fault(proxy):
    """A connection that was idle in a pool is reset when a fault is injected."""
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        proxy.inject(Fault("stall"))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
