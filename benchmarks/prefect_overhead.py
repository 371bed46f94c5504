"""What Prefect costs: the same backup by a flow's process and by the command line, in turn.

    python -m benchmarks.prefect_overhead [KEYS]

Both are whole processes, from start to exit, against a Prefect server that runs already.
"""

import statistics
import sys
import tempfile
from pathlib import Path

import docker

from benchmarks.measured import keep, run
from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.deployments.setup.caller import forget_caller
from tests.support.installation import installation
from tests.support.prefect_server import running_prefect
from tests.support.redis_server import start_redis

_ROUNDS = 5
_FLOW = """
import sys
from redis_dr.flows.backup import backup
sys.exit(not backup(return_state=True).is_completed())
"""
_LINE = [sys.executable, "-m", "redis_dr.flows.cli.main", "--json", "backup"]


def main() -> None:
    """Measure, print, keep."""
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    engine = docker.from_env(timeout=600)
    server = start_redis(engine, args=RUNBOOK_ARGS)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="redis-dr-bench-") as folder,
            running_prefect(Path(folder) / "prefect") as prefect,
        ):
            made = installation(Path(folder), server, keys=keys)
            env = prefect.environment(made.configuration, **made.secrets)
            by_flow, by_line = [], []
            for _ in range(_ROUNDS):
                by_flow.append(run([sys.executable, "-c", _FLOW], Path(folder), env).seconds)
                by_line.append(run(_LINE, Path(folder), env).seconds)
    finally:
        server.remove()
    more = [flow - line for flow, line in zip(by_flow, by_line, strict=True)]
    keep(
        "prefect_overhead",
        {
            "keys": keys,
            "flow_seconds": [round(one, 2) for one in by_flow],
            "command_line_seconds": [round(one, 2) for one in by_line],
            "median_more_seconds": round(statistics.median(more), 2),
        },
    )


if __name__ == "__main__":
    forget_caller()
    main()
