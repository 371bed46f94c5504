"""What removing keys costs another client: p99 of its GETs, idle and while keys are removed.

    python -m benchmarks.flush_latency [KEYS] [ROUNDS]

Goal (issue 8): at 1,000,000 keys the p99 stays within 2 times of idle. For comparison: KEYS + DEL.
"""

import contextlib
import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, Self

import docker
import redis

from benchmarks.measured import keep
from redis_dr.deployments.setup.caller import forget_caller
from redis_dr.flows.runbook.cache.invalidate import invalidate
from redis_dr.tasks.cache.flush import flush_pattern
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.connection import connect
from tests.support.instance import instance_of
from tests.support.redis_server import PASSWORD, RedisServer, start_redis

IDLE_SECONDS = 4.0
WAIT_SECONDS = 0.001  # the other client asks about 1000 times a second


class OtherClient:
    """A client, a process of its own, that reads a key all the time and notes how long it took."""

    def __init__(self, port: int) -> None:
        self._over = multiprocessing.Event()
        self._here, there = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.Process(target=_read, args=(port, self._over, there))
        self.took: list[float] = []  # ms

    def __enter__(self) -> Self:
        self._process.start()
        self._here.recv()  # it is connected
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self.took = self._here.recv()
        self._process.join()


def _read(port: int, over: Any, there: Any) -> None:
    client = redis.Redis(port=port, password=PASSWORD)
    client.get("other:client")
    there.send(None)
    took = []
    while not over.is_set():
        begun = time.perf_counter()
        client.get("other:client")
        took.append((time.perf_counter() - begun) * 1000)
        time.sleep(WAIT_SECONDS)
    there.send(took)


def main() -> None:
    """Measure in rounds, each work between two idle times: the machine may be shared."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with contextlib.closing(docker.from_env()) as engine, contextlib.ExitStack() as gone:
        server = start_redis(engine, args=["--save", ""])
        gone.callback(server.remove)
        fill(server, keys)
        server.client().config_resetstat()
        rows = _rounds(server, instance_of(server), rounds)
        blocked = _blocked(server)
        classic = measure("KEYS + DEL", server, lambda: _keys_del(server, "fusion:rrf:*"))
    verdict = {name: _of_idle(rows, name) for name in ("invalidate --doc", "flush --pattern")}
    keep(
        "flush_latency",
        {
            "keys": keys,
            "p99_of_idle_median": verdict,
            "one_call_blocks_us": blocked,
            "rows": rows,
            "for comparison": classic,
        },
    )


def _rounds(server: RedisServer, instance: Instance, rounds: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(rounds):
        rows.append(measure("idle", server, lambda: time.sleep(IDLE_SECONDS)))
        rows.append(measure("invalidate --doc", server, lambda n=number: _invalidate(instance, n)))
        rows.append(measure("idle", server, lambda: time.sleep(IDLE_SECONDS)))
        pattern = f"query:cache:{number:x}*"  # a sixteenth of them
        rows.append(measure("flush --pattern", server, lambda p=pattern: _flush(instance, p)))
    rows.append(measure("idle", server, lambda: time.sleep(IDLE_SECONDS)))
    return rows


def _blocked(server: RedisServer) -> dict[str, float]:
    """For how many microseconds one call of ours kept the server: free of the machine's noise."""
    stats = server.client().info("commandstats")
    return {name: stats[f"cmdstat_{name}"]["usec_per_call"] for name in ("scan", "unlink", "get")}


def _of_idle(rows: list[dict[str, Any]], name: str) -> float:
    """The median over the rounds of p99 against the mean of the idle times around it."""
    ratios = [
        row["p99_ms"] / ((rows[i - 1]["p99_ms"] + rows[i + 1]["p99_ms"]) / 2)
        for i, row in enumerate(rows)
        if row["what"] == name
    ]
    return round(statistics.median(ratios), 2)


def fill(server: RedisServer, keys: int) -> None:
    """A quarter each of documents, embeddings, query and fusion caches, 100 bytes."""
    client, value = server.client(), "x" * 100
    client.set("other:client", value)
    for start in range(0, keys // 4, 5000):
        pipeline = client.pipeline(transaction=False)
        for number in range(start, min(start + 5000, keys // 4)):
            pipeline.set(f"doc:cache:doc-{number}", value, ex=3600)
            pipeline.set(f"doc:embeddings:doc-{number % 500}:chunk-{number}", value, ex=86_400)
            pipeline.set(f"query:cache:{random.getrandbits(64):016x}", value, ex=3600)
            pipeline.set(f"fusion:rrf:{number:016x}", value, ex=3600)
        pipeline.execute()


def measure(name: str, server: RedisServer, work: Callable[[], Any]) -> dict[str, Any]:
    """Run the work beside the other client."""
    with OtherClient(server.port) as other:
        begun = time.perf_counter()
        done = work()
        seconds = time.perf_counter() - begun
    took = sorted(other.took)
    return {
        "what": name,
        "seconds": round(seconds, 2),
        "keys": done,
        "reads": len(took),
        "p50_ms": round(took[len(took) // 2], 3),
        "p99_ms": round(took[int(len(took) * 0.99)], 3),
        "max_ms": round(took[-1], 3),
    }


def _invalidate(instance: Instance, number: int) -> int:
    return invalidate(instance, f"doc-{number}", []).removed


def _flush(instance: Instance, pattern: str) -> int:
    return flush_pattern(connect(instance), pattern, instance).removed


def _keys_del(server: RedisServer, pattern: str) -> int:
    client = server.client()
    found: Any = client.keys(pattern)
    return int(client.delete(*found))


if __name__ == "__main__":
    forget_caller()
    main()
