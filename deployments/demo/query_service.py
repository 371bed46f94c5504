"""A small search service for the demo's warm-up.

POST /mcp/tools/call with {"name": "search", "arguments": {"query": TEXT}} computes an answer and
writes it to DB 0 as query:cache:{sha256 of the text} for 1,800 s. GET /count
gives the number of computed answers.

    REDIS_PASSWORD_FILE=... python -m redis_dr.deployments.demo.query_service REDIS_PORT
"""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import redis

TTL_SECONDS = 1_800  # the runbook's, for query:cache


class QueryService(ThreadingHTTPServer):
    """Listens on a port of 127.0.0.1 that the kernel chooses."""

    daemon_threads = True

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.client = client
        self.computed = 0
        self._lock = threading.Lock()

    def answer(self, text: str) -> bytes:
        """From the cache, else computed and cached."""
        key = f"query:cache:{hashlib.sha256(text.encode()).hexdigest()}"
        cached = self.client.get(key)
        if isinstance(cached, bytes):
            return cached
        answer = json.dumps(_search(text)).encode()
        self.client.set(key, answer, ex=TTL_SECONDS)
        with self._lock:
            self.computed += 1
        return answer


class _Request(BaseHTTPRequestHandler):
    server: QueryService
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: 40 ms an answer otherwise

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            text = json.loads(body)["arguments"]["query"]
        except (ValueError, KeyError, TypeError):
            self._reply(HTTPStatus.BAD_REQUEST, b'{"error": "no query"}')
            return
        if self.path != "/mcp/tools/call":
            self._reply(HTTPStatus.NOT_FOUND, b'{"error": "no such tool"}')
            return
        self._reply(HTTPStatus.OK, self.server.answer(str(text)))

    def do_GET(self) -> None:
        self._reply(HTTPStatus.OK, json.dumps({"computed": self.server.computed}).encode())

    def log_message(self, *_: Any) -> None:
        """Print nothing: the demo's output belongs to redis-dr."""

    def _reply(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _search(text: str) -> dict[str, Any]:
    words = sorted({word.strip("?,.").lower() for word in text.split()})
    hits = [{"chunk": f"doc-{len(word):06}-c0", "score": round(1 / len(word), 3)} for word in words]
    return {"query": text, "results": hits[:10]}


@contextlib.contextmanager
def running_query_service(password_file: Path, redis_port: int) -> Iterator[int]:
    """Run the service in a process of its own; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "redis_dr.deployments.demo.query_service", str(redis_port)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "REDIS_PASSWORD_FILE": str(password_file)},
    )
    try:
        assert process.stdout is not None  # noqa: S101 a pipe, as stdout=PIPE says; for mypy
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


def main() -> int:
    """Serve until SIGTERM; the first line on stdout is the port."""
    password = Path(os.environ["REDIS_PASSWORD_FILE"]).read_text().strip()
    service = QueryService(redis.Redis(port=int(sys.argv[1]), password=password))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=service.shutdown).start())
    print(service.server_port, flush=True)
    service.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
