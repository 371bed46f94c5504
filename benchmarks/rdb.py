"""Reading, digesting and splicing an RDB, against the CPU that redis-server takes to load it.

    python -m benchmarks.rdb [KEYS] [VALUES]

KEYS small strings and VALUES values of 10 KB, of which the issue sets limits; then, without limits,
text that the server compresses, small hashes, sets, lists and sorted sets, the runbook's mix (50 %
strings of 80 B, 30 % JSON that the server compresses, 10 % hashes, 10 % sorted sets), streams, and
large collections. "digest by Python" is the same without the compiled core. CPU seconds of one
process each, the best of three; peak memory is VmHWM.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import redis

from benchmarks.measured import keep
from redis_dr.deployments.setup.caller import forget_caller
from tests.support.redis_server import RedisServer, start_redis

Shapes = dict[str, Callable[[redis.client.Pipeline], Iterator[None]]]
_ROUNDS = 3
_BATCH = 1000
_LIMITS = {"inventory": 1.0, "inventory with 5 rules": 1.0, "splice": 1.3,
           "splice with 6 rules": 1.3, "digest": 4.0, "digest by Python": 40.0}  # fmt: skip
_LIMITED = ("small strings", "values of 10 KB")
_ONE = """
import sys, time
from pathlib import Path
from redis_dr.tasks.model.settings.keys import KeyRule
from redis_dr.tasks.rdb import InventoryOptions, SplicePlan, splice, take_inventory

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024

what, path = sys.argv[1:]
patterns = ["lock:ingest:{doc}", "ratelimit:{x}", "queue:ingest:{x}", "doc:chunk:{id}", "rag:{x}"]
rules = tuple(KeyRule(pattern=pattern) for pattern in patterns)
drop = (KeyRule(pattern="doc:chunk:{x}7", on_restore="drop"),)
before, begun = peak(), time.process_time()
with open(path, "rb") as source:
    if what.startswith("splice"):
        with open(path + ".out", "wb") as target:
            splice(source, target, SplicePlan(rules=drop + rules if "rules" in what else ()))
    else:
        options = InventoryOptions(digest="digest" in what, rules=rules if "rules" in what else ())
        take_inventory(source, options)
print(round(time.process_time() - begun, 3), round(before, 1), round(peak(), 1))
"""


def main() -> None:
    """Measure, print, keep; exit 1 when a limit is exceeded."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    values = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    engine = docker.from_env(timeout=300)
    server = start_redis(engine, args=["--save", ""])
    try:
        figures = {name: _shape(server, make) for name, make in _shapes(keys, values).items()}
    finally:
        server.remove()
    keep("rdb", {"keys": keys, "values": values, "limits": _LIMITS, **figures})
    over = [
        f"{shape}, {what}: {figures[shape]['ratio'][what]}"
        for shape in _LIMITED
        for what, limit in _LIMITS.items()
        if figures[shape]["ratio"][what] > limit
    ]
    if over:
        raise SystemExit("above the limit: " + "; ".join(over))


def _shapes(keys: int, values: int) -> Shapes:
    dice = random.Random(1)
    words = ["".join(dice.choices("aeiourstlnmd", k=dice.randint(2, 9))) for _ in range(3000)]

    def small(pipeline: redis.client.Pipeline) -> Iterator[None]:
        for n in range(keys):
            expiry = 10**9 + n if n % 4 == 0 else None
            pipeline.set(f"doc:chunk:{n:08d}", dice.randbytes(dice.randint(8, 64)), px=expiry)
            yield

    def large(pipeline: redis.client.Pipeline) -> Iterator[None]:
        for n in range(values):
            pipeline.set(f"page:{n}", dice.randbytes(10_240))
            yield

    def text(pipeline: redis.client.Pipeline) -> Iterator[None]:
        for n in range(values // 10):
            pipeline.set(f"page:{n}", " ".join(dice.choices(words, k=1700)))
            yield

    def mixed(pipeline: redis.client.Pipeline) -> Iterator[None]:
        for n in range(keys // 10):
            pipeline.hset(f"h:{n}", mapping={"title": f"doc {n}", "n": n, "epoch": 3})
            pipeline.zadd(f"z:{n}", {f"a{j}": j * 1.5 for j in range(8)})
            pipeline.sadd(f"s:{n}", *range(5))
            pipeline.rpush(f"l:{n}", *(f"e{j}" for j in range(6)))
            yield

    return {
        **_more_shapes(keys, dice, words),
        "small strings": small,
        "values of 10 KB": large,
        "text of 10 KB that the server compressed": text,
        "small hashes, sorted sets, sets, lists": mixed,
    }


def _more_shapes(keys: int, dice: random.Random, words: list[str]) -> Shapes:
    def runbook(pipeline: redis.client.Pipeline) -> Iterator[None]:
        for n in range(keys // 5):
            kind = n % 10
            if kind < 5:
                pipeline.set(f"str:{n}", dice.randbytes(80))
            elif kind < 8:
                pipeline.set(
                    f"json:{n}", f'{{"id": {n}, "text": "{" ".join(dice.choices(words, k=40))}"}}'
                )
            elif kind < 9:
                pipeline.hset(f"h:{n}", mapping={f"field{i}": f"value{n * i}" for i in range(5)})
            else:
                pipeline.zadd(f"z:{n}", {f"m{n + i}": i * 1.5 + 0.25 for i in range(6)})
            yield

    def streams(pipeline: redis.client.Pipeline) -> Iterator[None]:
        for n in range(keys // 5):
            pipeline.xadd(f"stream:{n % 50}", {"user": n, "action": "click", "page": f"/p/{n}"})
            yield

    def collections(pipeline: redis.client.Pipeline) -> Iterator[None]:
        for n in range(keys // 50):
            own = range(10 * n, 10 * n + 10)
            pipeline.hset("hash", mapping={f"field:{i}": f"value {i}" for i in own})
            pipeline.sadd("set", *(f"member:{i}" for i in own))
            pipeline.zadd("zset", {f"member:{i}": i * 0.5 for i in own})
            pipeline.rpush("list", *(f"element:{i}" for i in own))
            yield

    return {
        "the runbook's mix": runbook,
        "streams": streams,
        "large collections": collections,
    }


def _shape(
    server: RedisServer, make: Callable[[redis.client.Pipeline], Iterator[None]]
) -> dict[str, dict[str, float]]:
    client = server.client(socket_timeout=120)
    client.flushall()
    pipeline = client.pipeline(transaction=False)
    for number, _ in enumerate(make(pipeline), 1):
        if number % _BATCH == 0:
            pipeline.execute()
    pipeline.execute()
    client.save()
    with tempfile.TemporaryDirectory(prefix="redis-dr-bench-") as folder:
        path = Path(folder, "dump.rdb")
        path.write_bytes(server.read_file("/data/dump.rdb"))
        load = min(_load(server) for _ in range(_ROUNDS))
        runs = {what: [_run(what, path) for _ in range(_ROUNDS)] for what in _LIMITS}
        size = path.stat().st_size
    cpu = {what: min(run[0] for run in each) for what, each in runs.items()}
    return {
        "file": {"mb": round(size / 1e6, 1), "load_cpu_seconds": load},
        "cpu_seconds": cpu,
        "ratio": {what: round(seconds / load, 2) for what, seconds in cpu.items()},
        "peak_rss_mb": {what: max(run[2] for run in each) for what, each in runs.items()},
        "of_that_before": {what: max(run[1] for run in each) for what, each in runs.items()},
    }


def _load(server: RedisServer) -> float:
    """CPU seconds of a server from its start until it has loaded the file and answers."""
    server.container.restart(timeout=60)
    server.wait_until_ready(120)
    used = server.client().info("cpu")
    return round(used["used_cpu_user"] + used["used_cpu_sys"], 3)


def _run(what: str, path: Path) -> tuple[float, float, float]:
    ran = subprocess.run(
        [sys.executable, "-c", _ONE, what, str(path)],
        env={**os.environ, "REDIS_DR_PURE_PYTHON": "1" if "Python" in what else ""},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, before, peak = map(float, ran.stdout.split())
    return seconds, before, peak


if __name__ == "__main__":
    forget_caller()
    main()
