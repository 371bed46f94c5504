"""An address that takes a request and never answers it, as an engine that hangs does."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

_BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"


def swallow(request: Any, send: Callable[[Any], Any]) -> Any:
    """Send the request there, with the timeouts that its caller gave it.

    The start of a program is answered by the head of a stream, in which then nothing comes.
    """
    hole = socket.create_server(("127.0.0.1", 0))
    begins = "/exec/" in request.path_url and request.path_url.endswith("/start")
    threading.Thread(target=_take, args=(hole, begins), daemon=True).start()
    lost = request.copy()
    lost.url = f"http://127.0.0.1:{hole.getsockname()[1]}{request.path_url}"
    return send(lost)


def _take(hole: socket.socket, begins: bool) -> None:
    with contextlib.suppress(OSError):
        client, _ = hole.accept()
        with client:
            if begins:
                client.sendall(_BEGUN)
            while client.recv(65_536):  # until the other one has had enough
                pass
