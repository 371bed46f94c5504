"""A service that is told things over HTTP, and writes them down."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "t0ken-of-the-webhook"


class Listener:
    """A service that writes down what it is told."""

    def __init__(self, status: int = 200) -> None:
        self.heard: list[tuple[str, str, object]] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def _hear(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                heard.append((self.command, self.path, body))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST = _hear  # noqa: N815 http.server wants these names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 its name
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{TOKEN}"


@contextmanager
def listening(status: int = 200) -> Iterator[Listener]:
    """Listen while the block runs."""
    listener = Listener(status)
    thread = threading.Thread(target=listener.server.serve_forever)
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        thread.join()
        listener.server.server_close()
