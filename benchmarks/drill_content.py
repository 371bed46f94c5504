"""Content equality against Redis's own load: time, memory, and whether small differences show.

python -m benchmarks.drill_content [KEYS]
"""

import json
import math
import re
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import docker

from benchmarks.measured import Cost, keep, run
from redis_dr.deployments.setup.caller import forget_caller
from tests.support.redis_server import RedisServer, start_redis

_BATCH = 5_000
_LOADED = re.compile(r"DB loaded from disk: ([\d.]+) seconds")
_COMPARE = """
import json
import os
import sys
import time
from pathlib import Path
from redis_dr.tasks.drill.compare import compare_files
if __name__ == "__main__":
    begun, before = time.monotonic(), os.times()
    compared = compare_files(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({
        "seconds": round(time.monotonic() - begun, 2),
        "cpu_seconds": round(sum(os.times()[:4]) - sum(before[:4]), 2),  # of children, too
        "equal": compared.equal,
        "by_bytes": compared.by_bytes,
        "keys": sum(one.alive or 0 for one in compared.saved.databases.values()),
        "examples": compared.examples,
    }))
"""
_LIMIT = 5  # times Redis's own load


def main() -> None:
    """Measure, print, keep."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    engine = docker.from_env(timeout=600)
    server = start_redis(engine, args=["--appendonly", "no", "--save", ""])
    try:
        with tempfile.TemporaryDirectory(prefix="redis-dr-bench-") as name:
            keep("drill_content", _measured(server, Path(name), keys))
    finally:
        server.remove()


def _measured(server: RedisServer, folder: Path, keys: int) -> dict[str, Any]:
    fill(server, keys)
    first = _saved(server, folder / "first.rdb")
    load, load_cpu = _reload(server)
    second = _saved(server, folder / "second.rdb")
    each = [_compare(folder, first, second) for _ in range(3)]
    said, equal = min(each, key=lambda one: float(one[0]["seconds"]))
    changed = _change(server)
    found, unequal = _compare(folder, first, _saved(server, folder / "third.rdb"))
    assert said["equal"], said
    assert not found["equal"], found
    return {
        "keys": said["keys"],
        "rdb_bytes": first.stat().st_size,
        "redis_load_seconds": load,
        "redis_load_cpu_seconds": load_cpu,
        "limit": _LIMIT,
        "compare_seconds": said["seconds"],
        "compare_cpu_seconds": said["cpu_seconds"],  # of both files
        "compare_by_load": round(said["seconds"] / load, 2),
        # other work on the machine hardly moves this one
        "compare_cpu_by_load_cpu": round(said["cpu_seconds"] / load_cpu, 2),
        # from the start of Python on, which a drill has behind it
        "with_start_seconds": equal.seconds,
        "with_start_by_load": round(equal.seconds / load, 2),
        "peak_rss_mb": equal.peak_rss_mb,
        "by_bytes": said["by_bytes"],
        "changed": changed,
        "told_apart": sorted(found["examples"]),
        "told_apart_seconds": found["seconds"],
        "told_apart_peak_rss_mb": unequal.peak_rss_mb,
    }


def _compare(folder: Path, first: Path, second: Path) -> tuple[dict[str, Any], Cost]:
    script = folder / "compare.py"
    script.write_text(_COMPARE)
    command = [sys.executable, str(script), str(first), str(second), str(int(time.time() * 1000))]
    cost = run(command, folder, {"PYTHONPATH": f"{Path.cwd()}:{Path.cwd() / 'src'}"})
    return json.loads(cost.out), cost


def _change(server: RedisServer) -> list[str]:
    """One expiry by a millisecond, one list's order, one score's last bit, one key's database."""
    client = server.client()
    expiring, ranking = b"key:000000000", b"key:000000038"
    client.pexpireat(expiring, client.execute_command("PEXPIRETIME", expiring) + 1)
    client.rpoplpush("key:000000035", "key:000000035")
    score = client.zscore(ranking, "m5")
    assert score is not None
    client.zadd(ranking, {"m5": math.nextafter(score, math.inf)})
    client.move("key:000000001", 5)
    return ["key:000000000", "key:000000035", "key:000000038", "key:000000001"]


def fill(server: RedisServer, keys: int) -> None:
    """Every type; nine of ten keys are small, as in a cache."""
    dice, pipeline = Random(1), server.client().pipeline(transaction=False)
    for number in range(keys):
        name, kind = f"key:{number:09}", number % 20
        if kind < 12:
            pipeline.set(name, dice.randbytes(70))
        elif kind < 15:
            pipeline.hset(name, mapping={"title": f"t{number}", "rank": number, "x": "y" * 20})
        elif kind < 17:
            pipeline.rpush(name, *range(number % 12 + 1))
        elif kind == 17:
            pipeline.sadd(name, f"a{number}", f"b{number}", number)
        elif kind == 18:
            pipeline.zadd(name, {f"m{part}": number / (part + 3) for part in range(6)})
        else:
            pipeline.xadd(name, {"kind": "start", "n": number})
        if kind in {0, 12, 18}:
            pipeline.expire(name, 86_400 + number)
        if number % _BATCH == 0:
            pipeline.execute()
    pipeline.execute()


def _saved(server: RedisServer, path: Path) -> Path:
    server.client(socket_timeout=600).save()
    with path.open("wb") as file:
        chunks, _ = server.container.get_archive("/data/dump.rdb")
        archive = path.with_suffix(".tar")
        with archive.open("wb") as sink:
            for chunk in chunks:
                sink.write(chunk)
        with tarfile.open(archive) as tar:
            member = tar.extractfile("dump.rdb")
            assert member is not None
            while data := member.read(2**20):
                file.write(data)
        archive.unlink()
    return path


def _reload(server: RedisServer) -> tuple[float, float]:
    """Redis's own word for its load, and its CPU seconds until it served; the best of three."""
    took, cpu = [], []
    for _ in range(3):
        server.container.kill()
        server.container.start()
        server.wait_until_ready(120)
        used = server.client().info("cpu")
        took.append(float(_LOADED.findall(str(server.container.logs(tail=50)))[-1]))
        cpu.append(used["used_cpu_user"] + used["used_cpu_sys"])
    return min(took), round(min(cpu), 2)


if __name__ == "__main__":
    forget_caller()
    main()
