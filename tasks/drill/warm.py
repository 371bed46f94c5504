"""Rehearse the warm-up: the same questions by the same client, to a stand-in that always answers.

What it proves: the lists are there and can be read, every query can be put into a request, and how
long the asking itself takes. The service's own time comes on top.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit, urlunsplit

from redis_dr.tasks.cache.query_lists import read_lists
from redis_dr.tasks.cache.warm import ask_all
from redis_dr.tasks.http.query_service import HttpService
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.cache.queries import plan_queries
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.step import step


@step
def rehearse_warming(instance: Instance, manifest: Manifest) -> tuple[Finding, ...]:
    """Ask everything that a warm-up after this restore would ask; () when none is configured."""
    settings = instance.warm
    if not settings.configured:
        return ()
    if settings.endpoint is None:
        return (
            Finding(
                check="warm-up rehearsed",
                ok=True,
                actual="not tried: a function has no stand-in",
            ),
        )
    try:
        learn = (settings.learn_from, settings.learn_at_most)
        listed = read_lists(settings.lists)
        queries = plan_queries(listed, manifest.inventory, settings.cache_key, learn)
    except UsageError as error:
        return (Finding(check="warm-up rehearsed", ok=False, actual=error.problem),)
    with _stand_in(settings.endpoint) as endpoint:
        there = settings.model_copy(update={"endpoint": endpoint, "rate_per_second": None})
        asking = instance.model_copy(update={"warm": there})
        with closing(HttpService(there)) as service:
            outcome = ask_all(queries, service, asking, None)
    return (
        Finding(
            check="warm-up rehearsed",
            ok=outcome.answered == len(queries),
            expected=f"{len(queries)} queries answered by a stand-in",
            actual=outcome.answered,
            detail="; ".join(outcome.failures),
        ),
    )


@contextmanager
def _stand_in(endpoint: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        place = f"127.0.0.1:{server.server_address[1]}"
        parts = urlsplit(endpoint)
        yield urlunsplit(("http", place, parts.path, parts.query, ""))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answer(BaseHTTPRequestHandler):
    """Says yes to everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = b'{"content": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 http.server's name for it
        """Say nothing."""
