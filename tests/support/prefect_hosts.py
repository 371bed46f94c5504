"""What carries runs out: `serve`, or a worker of a host's own work pool."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from redis_dr.deployments.demo.prefect_server import running
from tests.support.installation import Installation
from tests.support.prefect_server import ROOT, PrefectServer

PREFECT = str(Path(sys.executable).with_name("prefect"))


@contextlib.contextmanager
def working(
    server: PrefectServer, made: Installation, pool: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker of one host: its own pool, its own configuration."""
    env = server.environment(made.configuration, PREFECT_WORKER_QUERY_SECONDS="1", **made.secrets)
    command = [PREFECT, "worker", "start", "--pool", pool, "--type", "process"]
    with (made.folder / f"{pool}.log").open("ab") as log, running(command, env, log) as process:
        yield process


def deploy(server: PrefectServer, made: Installation, pool: str) -> None:
    """As a person does it once for each host."""
    env = server.environment(made.configuration, **made.secrets)
    done = subprocess.run(
        [sys.executable, "-m", "redis_dr.deployments.deploy", "--pool", pool],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
