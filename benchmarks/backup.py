"""`redis-dr backup` against BGSAVE alone, and against what people pipe together by hand.

    python -m benchmarks.backup [KEYS] [BIG_BYTES]

KEYS keys of about 100 B, to the same S3 server in the same run: records as caches hold them, which
Redis stores as they are, and values that it compresses, which a digest has to unpack. Then the peak
memory of the process for an RDB of 100 MB and one of BIG_BYTES.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

import docker

from benchmarks.measured import Cost, keep, run
from redis_dr.deployments.setup.caller import forget_caller
from tests.support.redis_server import PASSWORD, RedisServer, start_redis
from tests.support.s3_server import S3Server, running_rclone

_BATCH = 10_000
_ARGS = ["--appendonly", "no", "--save", ""]
_ROUNDS = 3  # the best of each: the machine is shared


def main() -> None:
    """Measure, print, keep."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    big = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000_000
    engine = docker.from_env(timeout=300)
    with tempfile.TemporaryDirectory(prefix="redis-dr-bench-") as folder:
        workspace = Path(folder)
        (workspace / "s3").mkdir()
        with running_rclone(workspace / "s3") as s3:
            speed = {
                name: _speed((engine, s3, workspace), keys, value)
                for name, value in _VALUES.items()
            }
            memory = {
                f"{size // 10**6} MB of RDB": _memory(engine, s3, workspace, size)
                for size in (100_000_000, big)
            }
    keep("backup", {"speed": speed, "peak_rss_mb": memory})


def _speed(
    where: tuple[docker.DockerClient, S3Server, Path], keys: int, value: Callable[[int], str]
) -> dict[str, object]:
    engine, s3, workspace = where
    server = start_redis(engine, args=_ARGS)
    try:
        _small_keys(server, keys, value)
        bucket = s3.new_bucket()
        rounds = [_round(server, s3, workspace, bucket) for _ in range(_ROUNDS)]
    finally:
        server.remove()
    best = {name: min(one[name] for one in rounds) for name in rounds[0]}
    return {
        "keys": keys,
        "rounds": rounds,
        "best_seconds": best,
        "backup_to_bgsave": round(best["redis-dr backup"] / best["BGSAVE alone"], 2),
        "backup_to_pipeline": round(best["redis-dr backup"] / best["pipeline"], 2),
        "backup_to_pipeline_without_sync_delay": round(
            best["redis-dr backup"] / best["pipeline, repl-diskless-sync-delay 0"], 2
        ),
    }


def _round(server: RedisServer, s3: S3Server, workspace: Path, bucket: str) -> dict[str, float]:
    client = server.client()
    client.config_set("repl-diskless-sync-delay", 5)  # the default
    default = _pipeline(server, s3, workspace, bucket)
    client.config_set("repl-diskless-sync-delay", 0)
    return {
        "BGSAVE alone": _bgsave(server),
        "pipeline": default,
        "pipeline, repl-diskless-sync-delay 0": _pipeline(server, s3, workspace, bucket),
        "redis-dr backup": _backup(server, s3, workspace, bucket).seconds,
    }


def _bgsave(server: RedisServer) -> float:
    client = server.client()
    begun = time.monotonic()
    client.bgsave(schedule=False)
    while client.info("persistence")["rdb_bgsave_in_progress"]:
        time.sleep(0.02)
    return round(time.monotonic() - begun, 2)


def _pipeline(server: RedisServer, s3: S3Server, workspace: Path, bucket: str) -> float:
    line = (
        f"docker exec {server.name} redis-cli --no-auth-warning -a '{PASSWORD}' --rdb - 2>/dev/null"
        f" | zstd -q -3 | '{_aws()}' --endpoint-url {s3.endpoint_url}"
        f" s3 cp --no-progress - s3://{bucket}/piped.zst"
    )
    command = ["bash", "-o", "pipefail", "-c", line]
    return run(command, workspace, {**s3.environment, "AWS_REGION": "us-east-1"}).seconds


def _backup(server: RedisServer, s3: S3Server, workspace: Path, bucket: str) -> Cost:
    (workspace / "redis-dr.toml").write_text(
        f'[instances.bench]\ncontainer = "{server.name}"\nurl = "{server.url}"\n'
        f'[store]\nurl = "s3://{bucket}/prefix"\nendpoint_url = "{s3.endpoint_url}"\n'
        'region = "us-east-1"\naddressing = "path"\n'
        # as a real configuration has rules, so has this one
        '[[keys]]\npattern = "doc:cache:{id}"\n'
        '[[keys]]\npattern = "lock:{id}"\non_restore = "drop"\n'
    )
    command = [sys.executable, "-m", "redis_dr.flows.cli.main", "--json", "backup"]
    return run(command, workspace, {**s3.environment, "REDIS_PASSWORD": PASSWORD})


def _memory(
    engine: docker.DockerClient, s3: S3Server, workspace: Path, size: int
) -> dict[str, float]:
    server = start_redis(engine, args=_ARGS)
    try:
        _big_values(server, size)
        cost = _backup(server, s3, workspace, s3.new_bucket())
    finally:
        server.remove()
    return {"peak_rss_mb": cost.peak_rss_mb, "seconds": cost.seconds, "cpu": cost.cpu_seconds}


def _record(number: int) -> str:
    return (
        f'{{"doc":"{os.urandom(8).hex()}","chunk":{number % 100},'
        f'"score":0.{number % 997},"text":"{os.urandom(12).hex()}"}}'
    )


def _repeating(_number: int) -> str:
    return os.urandom(20).hex() * 2


_VALUES: dict[str, Callable[[int], str]] = {
    "records": _record,
    "values that Redis compresses": _repeating,
}


def _small_keys(server: RedisServer, keys: int, value: Callable[[int], str]) -> None:
    client = server.client()
    for first in range(0, keys, _BATCH):
        pipeline = client.pipeline(transaction=False)
        for number in range(first, min(first + _BATCH, keys)):
            pipeline.set(f"doc:cache:{number:08d}", value(number), ex=86400)
        pipeline.execute()


def _big_values(server: RedisServer, size: int) -> None:
    client = server.client()
    block = 2000  # bytes a value: incompressible, so that the RDB has the size that was asked for
    for first in range(0, size, block * 1000):
        pipeline = client.pipeline(transaction=False)
        for number in range(first, min(first + block * 1000, size), block):
            pipeline.set(f"blob:{number}", os.urandom(block - 20))
        pipeline.execute()


def _aws() -> str:
    found = shutil.which("aws")
    if found:
        return found
    # awscli pins another boto3 than ours: an environment of its own
    place = Path(".run/awscli")
    if not (place / "bin" / "aws").exists():
        venv.create(place, with_pip=True)
        subprocess.run([place / "bin" / "pip", "install", "-q", "awscli"], check=True)
    return str((place / "bin" / "aws").resolve())


if __name__ == "__main__":
    forget_caller()
    main()
