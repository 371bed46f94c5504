"""A real HTTP service that answers queries, leaves the runbook's keys, and can misbehave."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import redis

TTL_SECONDS = 1800  # query:cache:{query_hash} of the runbook

# instead of an answer: (handler, number of the request) -> whether it dealt with it
Fault = Callable[[BaseHTTPRequestHandler, int], bool]


class QueryService:
    """Answers POST {"arguments": {"query": text}}; with a client it writes query:cache:{sha256}."""

    def __init__(self, client: "redis.Redis | None" = None) -> None:
        self.client = client
        self.fault: Fault | None = None
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.busy = 0
        self.busiest = 0  # requests at the same time
        self.moments: list[float] = []
        self.hold_seconds = 0.0
        self._lock = threading.Lock()

    def handle(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        with self._lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            self.moments.append(time.monotonic())
            number = len(self.moments)
            self.headers.append(dict(handler.headers))
        try:
            if self.hold_seconds:
                time.sleep(self.hold_seconds)
            if self.fault is not None and self.fault(handler, number):
                return
            self._answer(handler, json.loads(body)["arguments"]["query"])
        finally:
            with self._lock:
                self.busy -= 1

    def _answer(self, handler: BaseHTTPRequestHandler, text: str) -> None:
        with self._lock:
            self.asked.append(text)
        if self.client is not None:
            key = f"query:cache:{hashlib.sha256(text.encode()).hexdigest()}"
            if self.client.get(key) is None:
                self.client.set(key, json.dumps({"answer": text}), ex=TTL_SECONDS)
        reply(handler, 200, json.dumps({"result": text}).encode())


def reply(handler: BaseHTTPRequestHandler, code: int, body: bytes = b"", **headers: str) -> bool:
    """Send one answer; header names are given with _ for -."""
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


@contextmanager
def serving(service: QueryService) -> Iterator[str]:
    """Its endpoint, as long as it runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes

        def do_POST(self) -> None:
            service.handle(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp/tools/call"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
