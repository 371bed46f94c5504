"""Many hosts: one work pool and one worker for each, on one server, each with its own instances."""

import contextlib
from pathlib import Path

from tests.prefect.conftest import MakeInstallation
from tests.support.installation import installation
from tests.support.prefect_hosts import deploy, working
from tests.support.prefect_server import PrefectServer


def test_two_hosts_back_up_their_own_instances_through_one_server(
    make_installation: MakeInstallation, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    """Each run is carried out by its host's worker, on what that host has configured."""
    both = make_installation(2)
    hosts = {}
    for name, server in zip(("host-a", "host-b"), both.servers, strict=True):
        folder = tmp_path / name
        folder.mkdir()
        hosts[name] = installation(folder, server)
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
