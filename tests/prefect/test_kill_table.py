"""The kill table: whatever dies in the middle of a restore, the instance ends whole and running.

The rows that teach most. All rows: `python -m tests.support.restore_kills`; docs/kill-table.md.
"""

import time
from collections.abc import Iterator
from signal import SIGKILL, SIGTERM

import pytest

from redis_dr.deployments.demo.prefect_server import running_server
from redis_dr.flows.runbook.backup import backup
from tests.prefect.conftest import MakeInstallation
from tests.prefect.test_notifications import notify
from tests.support.http_listener import Listener, listening
from tests.support.installation import NAME, Installation
from tests.support.prefect_hosts import deploy
from tests.support.prefect_server import PrefectServer, descendants, running_prefect, serving
from tests.support.restore_deaths import (
    POOL,
    WRITTEN_SINCE,
    Death,
    Left,
    after,
    nobody_holds,
    old_or_new,
    start_deployed,
    until_stopped,
)
from tests.support.waiting import wait_until


@pytest.fixture
def changed_installation(make_installation: MakeInstallation) -> Installation:
    """An instance with one backup, changed since."""
    return prepared(make_installation(restart_policy={"Name": "unless-stopped"}))


def prepared(made: Installation) -> Installation:
    backup(made.instance)
    made.server.client().set(WRITTEN_SINCE, "1")
    return made


def said(made: Installation, log: str = "serve.log") -> str:
    return (made.folder / log).read_text()


@pytest.fixture
def hook_and_block(prefect_here: PrefectServer) -> Iterator[tuple[Listener, Listener, str]]:
    """A webhook and one of Prefect's own blocks, and the configuration that names them."""
    with listening() as hook, listening() as block, listening() as heart:
        yield hook, block, notify(hook, block, heart)


def test_kill_9_of_the_flow_is_healed_and_told_by_the_hook_at_once(
    make_installation: MakeInstallation,
    prefect_server: PrefectServer,
    hook_and_block: tuple[Listener, Listener, str],
) -> None:
    """The runner's hook recovers: the old data runs, no helper is left; hook and block tell."""
    hook, block, more = hook_and_block
    changed_installation = prepared(
        make_installation(more=more, restart_policy={"Name": "unless-stopped"})
    )

    left = after(
        Death("serve", "flow", SIGKILL),
        changed_installation,
        prefect_server,
        told=lambda: bool(hook.heard and block.heard),
    )

    assert (left.data, left.state) == ("old", "Crashed")
    posted = hook.heard[0][2]
    assert isinstance(posted, dict)
    assert posted["outcome"] == "crashed"
    assert "recovery: rolled back: a restore of" in posted["line"]
    assert block.heard[0][2] == {
        "title": f"redis-dr: restore of {NAME} crashed",
        "text": posted["line"],
    }


def test_a_cancelled_restore_ends_old_or_new_and_running(
    changed_installation: Installation, prefect_server: PrefectServer
) -> None:
    """Cancel in the middle of the exchange: nothing destructive is done after it."""
    # Prefect asks the flow to stop, and after 30 s kills it: then its hook puts things right
    left = after(Death("serve", "nobody"), changed_installation, prefect_server, alone=75)

    # new where the cancel came when all was proven already
    assert left.state in ("Cancelled", "Completed")
    assert left.data in ("old", "new")
    assert "IndexError" not in said(changed_installation)


def test_a_cancelled_restore_that_hangs_is_killed_and_healed(
    changed_installation: Installation, prefect_server: PrefectServer
) -> None:
    """
    A flow stopped in the middle of the exchange hears no cancel: serve kills it after its time of
    grace, and the hook brings the old data back.
    """
    left = after(Death("serve", "stopped flow"), changed_installation, prefect_server, alone=120)

    assert left == Left("old", "Cancelled", left.seconds, "Cancelled")
    assert left.seconds < 120  # no janitor had to come


def test_a_signal_to_the_flow_lets_it_put_the_old_data_back_itself(
    changed_installation: Installation, prefect_server: PrefectServer
) -> None:
    """SIGTERM: the flow's own way back, while the server knows that it was no success."""
    left = after(Death("serve", "flow", SIGTERM), changed_installation, prefect_server)

    assert left == Left("old", "Crashed", left.seconds, "Crashed")
    assert "failed, putting the old data back: TerminationSignal" in said(changed_installation)


def test_stopping_serve_leaves_no_instance_down(
    changed_installation: Installation, prefect_server: PrefectServer
) -> None:
    """SIGTERM to serve kills its runs without hooks: serve itself recovers, and closes the run."""
    left = after(Death("serve", "runner", SIGTERM), changed_installation, prefect_server)

    assert left == Left("old", "Crashed", left.seconds, "Crashed")
    assert "its process is gone" in said(changed_installation)


def test_kill_9_of_serve_and_flow_is_healed_by_the_next_serve(
    changed_installation: Installation, prefect_server: PrefectServer
) -> None:
    """Nobody is left to notice, so the run stays Running; the next serve brings all in order."""
    left = after(Death("serve", "both", SIGKILL), changed_installation, prefect_server, alone=2)

    assert left == Left("old", "Running", left.seconds, "Crashed")


def test_kill_9_of_worker_and_flow_is_healed_by_the_next_workers_janitor(
    changed_installation: Installation, prefect_server: PrefectServer
) -> None:
    """The same where work pools are used: the janitor's next run recovers and closes the run."""
    deploy(prefect_server, changed_installation, POOL)
    left = after(Death("worker", "both", SIGKILL), changed_installation, prefect_server, alone=2)

    assert left == Left("old", "Running", left.seconds, "Crashed")


def test_a_restore_that_loses_the_server_is_finished(
    changed_installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Under serve, the server is killed while the instance is down: the new data comes, serve
    lives on, and when the server is back, the run is closed and the next ones are carried out."""
    old = changed_installation.content()
    new = {key: value for key, value in old.items() if key != WRITTEN_SINCE}
    # few tries a poll, so that serve has seen many polls fail before the server is back
    impatient = {**changed_installation.secrets, "PREFECT_CLIENT_MAX_RETRIES": "2"}
    with (
        running_prefect(tmp_path_factory.mktemp("lost")) as server,
        serving(server, changed_installation.configuration, **impatient) as serve,
    ):
        run_id = start_deployed(server, "")
        until_stopped(changed_installation)
        server.process.kill()
        server.process.wait()
        begun = time.monotonic()
        wait_until(lambda: serves(changed_installation, new), 60, "the new data is served")
        wait_until(
            lambda: nobody_holds(changed_installation), 60, "the restore is over", interval=0.2
        )
        took = time.monotonic() - begun
        wait_until(
            lambda: said(changed_installation).count("the Prefect server does not answer") > 5,
            90,
            "many polls failed",
        )
        assert serve.poll() is None
        with running_server(server.home, server.port):
            wait_until(lambda: not descendants(serve.pid), 120, "the flow has ended", interval=0.5)
            server.await_state(server.start("janitor/every-5-minutes"), "Completed")
            assert server.run(run_id).state.name in ("Completed", "Crashed")
    assert took < 60
    assert old_or_new(changed_installation, old) == "new"
    assert changed_installation.content(1) == {}


def serves(made: Installation, wanted: dict[bytes, object]) -> bool:
    return made.server.answers() and made.server.client().dbsize() == len(wanted)
