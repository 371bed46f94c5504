"""What a restore and a warm-up are worth: the hit ratio of a Zipf trace, cold, restored, warmed.

    python -m benchmarks.warm_curve [REQUESTS]

A query service fills its cache by a first trace; half of the entries are let expire, as they would
between a backup and a restore with TTLs of 30 minutes and a backup 15 minutes old. Then everything
is lost, and a second trace of the same popularity is replayed in three worlds.
"""

import contextlib
import json
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import docker
import httpx

from benchmarks.curve import draw
from benchmarks.measured import RESULTS, keep
from redis_dr.deployments.demo.query_service import QueryService
from redis_dr.deployments.setup.caller import forget_caller
from redis_dr.flows.runbook.restore.warm import warm
from tests.support.managed_redis import ManagedRedis, managed_redis
from tests.support.redis_server import start_redis
from tests.support.waiting import wait_until

TEXTS = 3000  # distinct queries
EXPONENT = 1.0  # of Zipf's law; query logs lie between 0.7 and 1.2
LISTED = 300  # common queries: the most frequent ones of the first trace
WINDOW = 100  # requests to a point of the curve
SEED = 20251030


def main() -> None:
    """Measure, draw, keep."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    chance = random.Random(SEED)
    past, future = trace(requests, chance), trace(requests, chance)
    with world(past) as (here, endpoint):
        curves = {
            "cold": cold(here, endpoint, future),
            "restored": restored(here, endpoint, past, future),
            "restored and warmed": warmed(here, endpoint, past, future),
        }
    points = {
        name: [(WINDOW * (i + 1), ratio) for i, ratio in enumerate(curve["ratios"])]
        for name, curve in curves.items()
    }
    draw(
        RESULTS / "warm_curve.svg",
        f"Hit ratio after a disaster: {TEXTS} queries, Zipf {EXPONENT:g}, {LISTED} of them listed",
        ("requests after the service is back", f"hit ratio of {WINDOW} requests"),
        points,
    )
    keep("warm_curve", {"requests": requests, "seed": SEED, **curves})


def trace(length: int, chance: random.Random) -> list[str]:
    """Queries by Zipf's law."""
    weights = [1 / rank**EXPONENT for rank in range(1, TEXTS + 1)]
    texts = [f"how do I do thing number {rank}?" for rank in range(1, TEXTS + 1)]
    return chance.choices(texts, weights, k=length)


@contextlib.contextmanager
def world(past: Sequence[str]) -> Iterator[tuple[ManagedRedis, str]]:
    """A server, a store, a list of common queries, and the service."""
    with contextlib.ExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
        engine = closing.enter_context(contextlib.closing(docker.from_env(timeout=120)))
        server = start_redis(engine, args=["--appendonly", "yes"])
        closing.callback(server.remove)
        common = [{"text": text, "count": n} for text, n in Counter(past).most_common(LISTED)]
        (folder / "common.json").write_text(json.dumps(common))
        service = QueryService(server.client())
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        closing.callback(lambda: (service.shutdown(), service.server_close(), thread.join()))
        endpoint = f"http://127.0.0.1:{service.server_port}/mcp/tools/call"
        settings = {
            "lists": [str(folder / "common.json")],
            "endpoint": endpoint,
            "cache_key": "query:cache:{sha256}",
        }
        yield managed_redis(server, folder / "store", warm=settings), endpoint


def replay(here: ManagedRedis, endpoint: str, queries: Sequence[str]) -> dict[str, Any]:
    """Ask all of them; hits as the server counts them, in windows."""
    client = here.server.client()
    ratios, total = [], 0
    with httpx.Client(timeout=30) as asker:
        for window in _windows(queries):
            before = client.info("stats")["keyspace_hits"]
            for text in window:
                asker.post(endpoint, json={"arguments": {"query": text}}).raise_for_status()
            hits = client.info("stats")["keyspace_hits"] - before
            total += hits
            ratios.append(round(hits / len(window), 4))
    return {
        "first_500": round(sum(ratios[: 500 // WINDOW]) / (500 // WINDOW), 4),
        "whole": round(total / len(queries), 4),
        "ratios": ratios,
    }


def _windows(queries: Sequence[str]) -> list[Sequence[str]]:
    return [queries[start : start + WINDOW] for start in range(0, len(queries), WINDOW)]


def cold(here: ManagedRedis, endpoint: str, future: Sequence[str]) -> dict[str, Any]:
    """Nothing is left."""
    here.server.client().flushall()
    return replay(here, endpoint, future)


def _back(here: ManagedRedis, endpoint: str, past: Sequence[str]) -> dict[str, Any]:
    """Fill by the past, back up, let half of it expire, lose everything, restore."""
    client, chance = here.server.client(), random.Random(SEED)
    client.flushall()
    replay(here, endpoint, past)
    keys = sorted(client.scan_iter("query:cache:*"))
    for key in chance.sample(keys, len(keys) // 2):
        client.pexpire(key, 8000)
    here.backup()
    client.flushall()
    report = here.restore(warm=False)
    assert report.ok, report.findings
    here.server.wait_until_ready()
    alive = len(keys) - len(keys) // 2
    wait_until(lambda: here.server.client().dbsize() <= alive, 30)
    return {"cached_before": len(keys), "restored": here.server.client().dbsize()}


def restored(
    here: ManagedRedis, endpoint: str, past: Sequence[str], future: Sequence[str]
) -> dict[str, Any]:
    """The backup is back, nothing else is done."""
    facts = _back(here, endpoint, past)
    return {**facts, **replay(here, endpoint, future)}


def warmed(
    here: ManagedRedis, endpoint: str, past: Sequence[str], future: Sequence[str]
) -> dict[str, Any]:
    """The backup is back, and the common queries were asked."""
    facts = _back(here, endpoint, past)
    report = warm(here.instance)
    assert report.ok, report.findings
    outcome = report.outcome
    facts |= {
        "newly_cached": outcome.newly_cached,
        "already_there": outcome.already_there,
        "warm_seconds": report.seconds,
    }
    return {**facts, **replay(here, endpoint, future)}


if __name__ == "__main__":
    forget_caller()
    main()
