"""The kill table: whatever dies in the middle of a restore, the instance ends whole and running."""

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from flows.runbook.backup import backup
from tests.prefect.conftest import MakeScene
from tests.support.prefect_server import PrefectServer, kill_children, running_prefect, serving
from tests.support.prefect_server import python as start_python
from tests.support.scene import NAME, Scene
from tests.support.waiting import wait_until

RESTORE = "from flows.restore import restore; print(restore('weka-redis', warm=False))"


@pytest.fixture
def stage(make_scene: MakeScene) -> Scene:
    """An instance with one backup, changed since, and every deployment served."""
    made = make_scene(restart_policy={"Name": "unless-stopped"})
    backup(made.instance)
    made.server.client().set("written:since", "1")
    return made


def consent(server: PrefectServer, run_id: Any) -> None:
    """Type the name, as a person does in the dialog."""
    server.await_state(run_id, "Paused")
    with server.client() as client:
        wait_until(
            lambda: _resumed(client, run_id), 30, "the question can be answered", interval=0.3
        )


def _resumed(client: Any, run_id: Any) -> bool:
    # the schema of the question is stored a moment after the state
    answer = client.request(
        "POST",
        "/flow_runs/{id}/resume",
        path_params={"id": run_id},
        json={"run_input": {"name": NAME}},
    )
    return str(answer.json().get("status")) == "ACCEPT"


def until_stopped(made: Scene) -> None:
    """Return in the middle of the exchange: the container is down."""
    wait_until(lambda: made.server.container.status == "exited", 90, "it stopped", interval=0.01)


def old_or_new(made: Scene, old: dict[bytes, object]) -> str:
    """Which data is served; an assertion when it is neither."""
    wait_until(lambda: made.server.container.status == "running", 90, "it runs again", interval=0.2)
    content = made.content()
    new = {key: value for key, value in old.items() if key != b"written:since"}
    assert content in (old, new), f"{len(content)} keys, neither {len(old)} nor {len(new)}"
    return "old" if content == old else "new"


def nobody_holds(made: Scene) -> bool:
    names = {"name": rf"^/?{made.server.name}\."}
    return not made.server.engine.containers.list(all=True, filters=names)


def start_and_consent(server: PrefectServer) -> Any:
    run_id = server.start("restore/button", instance=NAME, warm=False)
    consent(server, run_id)
    return run_id


def test_kill_9_of_the_flow_is_healed_by_the_hook_at_once(
    stage: Scene, prefect_server: PrefectServer
) -> None:
    """The runner sees it and its hook recovers: old or new data, whole, and no hands left."""
    old = stage.content()
    with serving(prefect_server, stage.configuration, **stage.secrets) as serve:
        run_id = start_and_consent(prefect_server)
        until_stopped(stage)
        assert kill_children(serve)
        prefect_server.await_state(run_id, "Crashed")
        old_or_new(stage, old)
        wait_until(lambda: nobody_holds(stage), 60, "the hands are gone")


def test_a_cancelled_restore_ends_old_or_new_and_running(
    stage: Scene, prefect_server: PrefectServer
) -> None:
    """Cancel in the middle of the exchange: nothing destructive is done after it."""
    from prefect.states import Cancelling  # noqa: PLC0415 2 s that collecting need not pay

    old = stage.content()
    with serving(prefect_server, stage.configuration, **stage.secrets):
        run_id = start_and_consent(prefect_server)
        until_stopped(stage)
        with prefect_server.client() as client:
            client.set_flow_run_state(run_id, Cancelling())
        prefect_server.await_state(run_id, "Cancelled", "Completed")
        old_or_new(stage, old)
        wait_until(lambda: nobody_holds(stage), 60, "the hands are gone")


def test_a_restore_that_loses_the_server_is_finished(
    stage: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The server is killed while the instance is down: the new data is served all the same."""
    old = stage.content()
    new = {key: value for key, value in old.items() if key != b"written:since"}
    with running_prefect(tmp_path_factory.mktemp("lost")) as server:
        env = server.environment(stage.configuration, **stage.secrets)
        log = (stage.folder / "flow.log").open("wb")
        with log, start_python(RESTORE, env, stdout=log, stderr=subprocess.STDOUT) as flow:
            run_id = wait_until(lambda: newest(server), 60, "the run is there")
            consent(server, run_id)
            until_stopped(stage)
            server.process.kill()
            begun = time.monotonic()
            wait_until(lambda: serves(stage, new), 60, "the new data is served")
            wait_until(lambda: nobody_holds(stage), 60, "the restore is over", interval=0.2)
            took = time.monotonic() - begun
            flow.kill()  # what is left of it only tries to tell the server
    said = Path(stage.folder / "flow.log").read_text()
    assert "is back" in said or "verifying" in said
    assert took < 60
    assert stage.content(1) == {}


def serves(made: Scene, wanted: dict[bytes, object]) -> bool:
    return made.server.answers() and made.server.client().dbsize() == len(wanted)


def newest(server: PrefectServer) -> Any:
    with server.client() as client:
        runs = client.read_flow_runs()
    return runs[0].id if runs else None
