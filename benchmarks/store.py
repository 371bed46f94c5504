"""Storing and proving one big RDB in S3, against the tools that people use by hand.

    python -m benchmarks.store [BYTES] [ROUNDS]

The same file, the same rclone server, one after the other in each round; the best of the rounds, as
the machine is shared. Then reading back with every hash checked, against boto3's download_fileobj.
restic is measured when it is installed (`apt-get install restic`).

What is inside: ours hashes the plain and the stored bytes, compares each part's MD5 with its ETag,
then reads the whole object back and compares its SHA-256. No peer reads anything back: aws
and rclone send checksums with the parts, restic hashes what it cuts; `restic check --read-data` and
`rclone check` are commands of their own and not measured. "read back" is what aws has to do for the
same proof. Their RSS is that of the largest process of the pipe, ours that of the only one.

REDIS_DR_TEST_S3=URL (with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) measures on that server, for
example Ceph RGW, and keeps the figures beside rclone's.
"""

import contextlib
import hashlib
import random
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.backup import _aws
from benchmarks.measured import Cost, keep, run
from redis_dr.deployments.setup.caller import forget_caller
from tests.support.s3_server import S3Server, other_server, running_rclone

_PROVEN = "zstd -3 | aws s3 cp -, read back"
_OTHER = other_server()
_BLOCK = 2**20
_WORDS = [
    hashlib.sha1(b"%d" % n, usedforsecurity=False).hexdigest()[: 3 + n % 7] for n in range(4000)
]


def main() -> None:
    """Measure, print, keep."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2**30
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="redis-dr-bench-") as folder:
        workspace = Path(folder)
        (workspace / "s3").mkdir()
        write_rdb_like(workspace / "source", size)
        with _server(workspace) as server:
            costs = [_round(server, workspace) for _ in range(rounds)]
    keep("store_other_s3" if _OTHER else "store", {"bytes": size, **_judged(costs)})


def _server(workspace: Path) -> contextlib.AbstractContextManager[S3Server]:
    return contextlib.nullcontext(_OTHER) if _OTHER else running_rclone(workspace / "s3")


def write_rdb_like(path: Path, size: int) -> None:
    """Half text, half noise: compresses by about 1.6, as the measured RDB did (facts/s3.md 4)."""
    chance = random.Random(7)
    with path.open("wb") as sink:
        for _ in range(0, size, _BLOCK):
            text = " ".join(chance.choices(_WORDS, k=_BLOCK // 10)).encode()[: _BLOCK // 2]
            sink.write(text + chance.randbytes(_BLOCK - len(text)))


def _round(server: S3Server, workspace: Path) -> dict[str, Cost]:
    bucket = server.new_bucket()
    environment = {**server.environment, "BENCH_BUCKET": bucket, "BENCH_URL": server.endpoint_url}
    costs = {
        name: run(command, workspace, {**environment, **_settings(server)})
        for name, command in _commands(server, bucket).items()
    }
    server.client().delete_object(Bucket=bucket, Key="by-aws.zst")
    shutil.rmtree(workspace / "restic-cache", ignore_errors=True)
    return costs


def _commands(server: S3Server, bucket: str) -> dict[str, list[str]]:
    worker = [
        sys.executable,
        "-c",
        "import sys; from benchmarks.store_worker import work; work(sys.argv[1])",
    ]
    there = f"s3://{bucket}/by-aws.zst"
    rclone = str(Path(sys.executable).with_name("rclone"))
    commands = {
        "redis-dr, store and prove": [*worker, "store"],
        "redis-dr, store alone": [*worker, "store-only"],
        "zstd -3 | aws s3 cp -": _piped(f"zstd -q -3 -c source | {_copied(server, '-', there)}"),
        _PROVEN: _piped(
            f"zstd -q -3 -c source | tee >(sha256sum > sent) | {_copied(server, '-', there)}"
            f" && {_copied(server, there, '-')} | sha256sum > got && cmp sent got"
        ),
        "zstd -3 | rclone rcat": _piped(
            f"zstd -q -3 -c source | '{rclone}' rcat bench:{bucket}/by-rclone.zst"
        ),
        "rclone rcat, not compressed": _piped(f"'{rclone}' rcat bench:{bucket}/by-rclone < source"),
        "redis-dr, read and check": [*worker, "read"],
        "redis-dr, read and check what is stored": [*worker, "check"],
        "boto3 download_fileobj": [*worker, "download"],
    }
    if shutil.which("restic"):
        repository = f"-r s3:{server.endpoint_url}/{bucket}/restic --cache-dir restic-cache"
        commands["restic backup --stdin"] = _piped(
            f"restic {repository} -q init && restic {repository} -q backup --stdin < source"
        )
    return commands


def _copied(server: S3Server, source: str, target: str) -> str:
    return f"'{_aws()}' --endpoint-url {server.endpoint_url} s3 cp --no-progress {source} {target}"


def _piped(line: str) -> list[str]:
    return ["bash", "-o", "pipefail", "-c", line]


def _settings(server: S3Server) -> dict[str, str]:
    return {
        "AWS_REGION": "us-east-1",
        "RESTIC_PASSWORD": "bench",
        "RCLONE_CONFIG_BENCH_TYPE": "s3",
        "RCLONE_CONFIG_BENCH_PROVIDER": "Ceph" if _OTHER else "Rclone",
        "RCLONE_CONFIG_BENCH_ENDPOINT": server.endpoint_url,
        "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID": server.access_key,
        "RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY": server.secret_key,
        "PYTHONPATH": f"{Path.cwd()}:{Path.cwd() / 'src'}",
    }


def _judged(costs: list[dict[str, Cost]]) -> dict[str, object]:
    best = {
        name: {
            "seconds": min(one[name].seconds for one in costs),
            "cpu_seconds": min(one[name].cpu_seconds for one in costs),
            "peak_rss_mb": max(one[name].peak_rss_mb for one in costs),
        }
        for name in costs[0]
    }
    ours = best["redis-dr, store and prove"]["seconds"]
    unproven = [n for n in best if not n.startswith(("redis-dr", "boto3")) and n != _PROVEN]
    theirs = {name: best[name]["seconds"] for name in unproven}
    fastest = min(theirs, key=lambda name: theirs[name])
    download = best["boto3 download_fileobj"]["seconds"]
    return {
        "best of the rounds": best,
        "rounds": [{name: cost.seconds for name, cost in one.items()} for one in costs],
        "fastest peer": fastest,
        "store and prove to fastest peer (goal at most 1.1)": round(ours / theirs[fastest], 2),
        "store alone to fastest peer": round(
            best["redis-dr, store alone"]["seconds"] / theirs[fastest], 2
        ),
        "store and prove to a peer that reads back": round(ours / best[_PROVEN]["seconds"], 2),
        "read speed to download_fileobj (goal at least 0.8)": round(
            download / best["redis-dr, read and check what is stored"]["seconds"], 2
        ),
    }


if __name__ == "__main__":
    forget_caller()
    main()
