"""How long clients wait while a restore exchanges the data, against the barest exchange there is.

    python -m benchmarks.restore_downtime [BYTES ...]

Bare: CONFIG SET save "", stop, two `mv` by a helper that runs already, start, load: of the same
file, on the same volume, in the same run. A process of its own pings every 5 ms; the downtime is
the longest time between two answers. The order of the two changes from round to round.
"""

import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import docker
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from benchmarks.measured import keep
from tests.support.estate import Estate, estate
from tests.support.redis_server import PASSWORD, RedisServer, start_redis

_ARGS = ["--appendonly", "yes", "--save", "", "--auto-aof-rewrite-percentage", "0"]
_BLOCK = 2000  # bytes a value, incompressible
_PAUSE = 0.005  # seconds between two pings
_ROUNDS = 3
_STAGE = """
rm -rf /data/bare /data/gone; mkdir -p /data/bare /data/gone
cp -rp /data/appendonlydir /data/bare/appendonlydir
"""
_MOVE = "mv /data/appendonlydir /data/gone/ && mv /data/bare/appendonlydir /data/"


def main() -> None:
    """Measure, print, keep."""
    sizes = [int(one) for one in sys.argv[1:]] or [100_000_000, 1_000_000_000]
    engine = docker.from_env(timeout=600)
    keep("restore_downtime", {f"{size // 10**6} MB": _measure(engine, size) for size in sizes})


def _measure(engine: docker.DockerClient, size: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="redis-dr-bench-") as folder:
        server = start_redis(engine, args=_ARGS)
        try:
            _fill(server, size)
            made = estate(server, Path(folder), resilience={"timeout_seconds": 120})
            made.backup()
            rounds = [_round(made, first=number % 2 == 0) for number in range(_ROUNDS)]
        finally:
            server.remove()
    best = {name: min(one[name] for one in rounds) for name in ("restore", "bare")}
    return {
        "rounds": rounds,
        "best_seconds": best,
        "allowed": round(best["bare"] * 1.1 + 0.5, 2),
        "within": best["restore"] <= best["bare"] * 1.1 + 0.5,
    }


def _round(made: Estate, *, first: bool) -> dict[str, float]:
    told: dict[str, float] = {}

    def restore() -> None:
        report = made.restore(safety_backup=False)
        assert report.ok, [one for one in report.findings if not one.ok]
        told["reported"] = report.downtime_seconds
        told["predicted"] = report.predicted_downtime_seconds

    if first:
        told["restore"] = _watched(made.server, restore)
    told["bare"] = _bare(made.server)
    if not first:
        told["restore"] = _watched(made.server, restore)
    told["prediction_off_by"] = round(told["predicted"] / told["restore"] - 1, 2)
    return told


def _bare(server: RedisServer) -> float:
    helper = server.engine.containers.run(
        server.image,
        entrypoint=["sleep", "3600"],
        command=[],
        volumes_from=[server.id],
        user="0",
        detach=True,
    )
    try:
        assert helper.exec_run(["sh", "-c", _STAGE]).exit_code == 0

        def exchange() -> None:
            server.client().config_set("save", "")
            server.container.stop(timeout=120)
            assert helper.exec_run(["sh", "-c", _MOVE]).exit_code == 0
            server.container.start()
            server.wait_until_ready(120)

        return _watched(server, exchange)
    finally:
        helper.remove(force=True)


def _watched(server: RedisServer, work: Callable[[], None]) -> float:
    """The longest gap between two answers while the work runs, seconds."""
    command = [sys.executable, "-m", "benchmarks.restore_downtime", "--ping", str(server.port)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as pinger:
        assert pinger.stdout is not None
        assert pinger.stdout.readline() == "ready\n"
        work()
        server.wait_until_ready(120)
        time.sleep(0.2)  # the last answers are to be seen
        said, _ = pinger.communicate(input="over\n")
    return float(json.loads(said)["gap"])


def _ping(port: int) -> None:
    """Ping until a line comes in; tell the longest gap."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
    client = redis.Redis(
        port=port, password=PASSWORD, socket_timeout=1, retry=Retry(NoBackoff(), 0)
    )
    client.ping()
    print("ready", flush=True)
    last, gap = time.monotonic(), 0.0
    while not over.wait(_PAUSE):
        try:
            client.get("blob:0")
        except redis.RedisError:
            continue
        now = time.monotonic()
        last, gap = now, max(gap, now - last)
    print(json.dumps({"gap": round(gap, 3)}))


def _fill(server: RedisServer, size: int) -> None:
    client = server.client()
    step = _BLOCK * 1000
    for begin in range(0, size, step):
        pipeline = client.pipeline(transaction=False)
        for number in range(begin, min(begin + step, size), _BLOCK):
            pipeline.set(f"blob:{number}", random.Random(number).randbytes(_BLOCK - 20))
        pipeline.execute()
    client.bgrewriteaof()
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ping"]:
        _ping(int(sys.argv[2]))
    else:
        main()
