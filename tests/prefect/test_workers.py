"""Many hosts: one work pool and one worker for each, on one server, each with its own instances."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deployments.prefect_server import running
from tests.prefect.conftest import MakeScene
from tests.support.prefect_server import ROOT, PrefectServer
from tests.support.scene import Scene, scene

PREFECT = str(Path(sys.executable).with_name("prefect"))


@contextlib.contextmanager
def working(server: PrefectServer, made: Scene, pool: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker of one host: its own pool, its own configuration."""
    env = server.environment(made.configuration, PREFECT_WORKER_QUERY_SECONDS="1", **made.secrets)
    command = [PREFECT, "worker", "start", "--pool", pool, "--type", "process"]
    with (made.folder / f"{pool}.log").open("wb") as log, running(command, env, log) as process:
        yield process


def deploy(server: PrefectServer, made: Scene, pool: str) -> None:
    env = server.environment(made.configuration, **made.secrets)
    done = subprocess.run(
        [sys.executable, "-m", "deployments.deploy", "--pool", pool],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_hosts_back_up_their_own_instances_through_one_server(
    make_scene: MakeScene, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    """Each run is carried out by its host's worker, on what that host has configured."""
    both = make_scene(2)
    hosts = {}
    for name, server in zip(("host-a", "host-b"), both.servers, strict=True):
        folder = tmp_path / name
        folder.mkdir()
        hosts[name] = scene(folder, server)
        deploy(prefect_server, hosts[name], name)
    with contextlib.ExitStack() as workers:
        for name, made in hosts.items():
            workers.enter_context(working(prefect_server, made, name))
        runs = {name: prefect_server.start(f"backup/button-{name}") for name in hosts}
        ended = {
            name: prefect_server.await_state(run, "Completed", seconds=150)
            for name, run in runs.items()
        }

    for name, made in hosts.items():
        assert ended[name].work_pool_name == name
        stored = list((made.folder / "store").glob("*/backups/*/manifest.json"))
        assert len(stored) == 1, stored
        # deploying pauses nothing
        nightly = prefect_server.deployment(f"nightly/nightly-{name}")
        assert not nightly.paused
        active = [(one.active, one.schedule.cron) for one in nightly.schedules]
        assert active == [(True, "0 2 * * *")]
