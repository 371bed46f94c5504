"""A fleet on one machine: many small Redis servers in containers, one `backup --all`.

    python -m benchmarks.fleet [INSTANCES] [AT_ONCE]

One of them is stopped before: the scorecard has to name it, and all others have to be backed up.
"""

import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import docker

from benchmarks.measured import keep
from redis_dr.deployments.setup.caller import forget_caller
from tests.support.command_line import CommandLine
from tests.support.installation import Installation, installation
from tests.support.redis_server import RedisServer, start_redis

_ARGS = ["--save", "", "--appendonly", "no", "--maxmemory", "32mb"]
_KEYS = 1000
_STARTERS = 4
_MEASURED = """
import json, resource, sys, time
from redis_dr.flows.cli.main import main
begun = time.monotonic()
code = main(["--json", "backup", "--all"])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([code, time.monotonic() - begun, peak]), file=sys.stderr)
"""


def main() -> None:
    """Start, back up, print, keep."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    at_once = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    engine = docker.from_env(timeout=600)
    with ExitStack() as end:
        folder = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="redis-dr-bench-")))
        servers = _start(engine, count, end)
        made = installation(folder, *servers, more=f"[fleet]\nat_once = {at_once}\n", keys=_KEYS)
        servers[-1].container.stop(timeout=1)
        keep("fleet", {f"{count} instances, {at_once} at once": _measure(made, count)})


def _start(engine: docker.DockerClient, count: int, end: ExitStack) -> list[RedisServer]:
    def one(_number: int) -> RedisServer:
        server = start_redis(engine, args=_ARGS)
        end.callback(server.remove)
        return server

    with ThreadPoolExecutor(_STARTERS) as starters:
        return list(starters.map(one, range(count)))


def _measure(made: Installation, count: int) -> dict[str, object]:
    line = CommandLine(made.folder, made.secrets)
    answer = line.python(_MEASURED, seconds=3600)
    code, seconds, peak = json.loads(answer.err.splitlines()[-1])
    report = answer.report
    failed = [one["instance"] for one in report["lines"] if not one["ok"]]
    assert code == 1, answer.err
    assert failed == [f"weka-redis-{count - 1}"], failed
    assert len(report["lines"]) == count
    return {
        "seconds": round(seconds, 1),
        "peak_rss_mb": round(peak),
        "well": count - len(failed),
        "failed": failed,
    }


if __name__ == "__main__":
    forget_caller()
    main()
