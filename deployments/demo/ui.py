"""`make ui`: a Prefect server and all deployments on this machine; prints the address.

Uses the configured instances; without a configuration it starts a demo Redis.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from redis_dr.deployments.demo.instance import free_port
from redis_dr.deployments.demo.prefect_login import login_file
from redis_dr.deployments.demo.prefect_server import environment, running, running_server
from redis_dr.deployments.demo.ui_instance import demo_configuration
from redis_dr.deployments.demo.workspace import ROOT
from redis_dr.deployments.setup.caller import forget_caller
from redis_dr.tasks.configuration import configuration_path
from redis_dr.tasks.model.errors import RedisDrError

USUAL_PORT = 4200
# of the caller's Prefect: where its data lies and how the runner polls and logs. Nothing that leads
# to another server, another database or another login
_PREFECT_KEPT = ("PREFECT_HOME", "PREFECT_LOGGING_", "PREFECT_RUNNER_")
_POLL_SECONDS = 0.5


def main() -> int:
    """Run until ctrl-C or another signal to end, or until one of the two processes ends."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # else both would outlive a closed terminal
        signal.signal(number, _interrupt)
    forget_caller(prefixes=["PREFECT_"], keep=_PREFECT_KEPT)
    home = Path(os.environ.get("PREFECT_HOME") or ROOT / ".run" / "prefect")
    port = usual_or_free()
    try:
        with contextlib.ExitStack() as end:
            configuration = _configuration(end)
            server = end.enter_context(running_server(home, port))
            env = {**environment(home, port), "REDIS_DR_CONFIG": str(configuration)}
            serve = end.enter_context(
                running([sys.executable, "-m", "redis_dr.deployments.serve"], env)
            )
            print(f"\nredis-dr in Prefect: http://127.0.0.1:{port}/deployments", flush=True)
            print(f"  log in with the text in {login_file(home)}", flush=True)
            print(
                "  restore: deployment *restore/button*, then Run; ctrl-C stops everything",
                flush=True,
            )
            return _watch(server, serve)
    except KeyboardInterrupt:
        return 0
    except RedisDrError as error:
        print(f"ui: {error}", file=sys.stderr)
        return error.exit_code


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def usual_or_free() -> int:
    """4200 where it is free, as people expect it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            return free_port()
    return USUAL_PORT


def _configuration(end: contextlib.ExitStack) -> Path:
    path = configuration_path(None)
    if path.exists() or "REDIS_DR_CONFIG" in os.environ:
        return path.resolve()
    print(f"there is no {path}: starting a Redis with the runbook's data to try on", flush=True)
    forget_caller(keep=_PREFECT_KEPT)
    return end.enter_context(demo_configuration(ROOT / ".run" / "ui"))


def _watch(*processes: subprocess.Popen[bytes]) -> int:
    while True:
        for process in processes:
            if process.poll() is not None:
                print(f"ui: {process.args!r} ended with {process.returncode}", file=sys.stderr)
                return 1
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
