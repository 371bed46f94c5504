"""Runs that end tell people: Prefect's own blocks, a webhook, a heartbeat, and an event."""

from datetime import UTC, datetime
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.events.filters import EventFilter, EventNameFilter

from redis_dr.flows.backup import backup
from redis_dr.flows.orchestration.hooks import recover_failed_run
from tests.prefect.conftest import MakeInstallation, use
from tests.support.http_listener import Listener, listening
from tests.support.installation import NAME
from tests.support.prefect_server import PrefectServer
from tests.support.waiting import wait_until

SLUG = "custom-webhook/ops"


def notify(hook: Listener, block: Listener, heart: Listener) -> str:
    """The table of a configuration that tells three services."""
    CustomWebhookNotificationBlock(
        name="ops",
        url=block.url,
        json_data={"title": "{{subject}}", "text": "{{body}}"},
    ).save("ops", overwrite=True)
    return (
        f'[notify]\nwebhook_url = "{hook.url}"\nheartbeat_url = "{heart.url}"\n'
        f'blocks = ["{SLUG}"]\n'
    )


@pytest.fixture
def told(
    make_installation: MakeInstallation,
    prefect_here: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """An installation, and the services that it tells: webhook, block, heartbeat."""
    with listening() as hook, listening() as block, listening() as heart:
        made = make_installation(more=notify(hook, block, heart))
        use(made, monkeypatch)
        yield made, hook, block, heart


def heard_events(server: PrefectServer, name: str) -> list[Any]:
    with server.client() as client:
        wanted = EventFilter(event=EventNameFilter(name=[name]))
        return list(client.read_events(wanted, limit=50).events)


def test_a_failing_backup_is_told_by_prefects_own_block(
    told: Any, prefect_here: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Block, webhook and event say why; the heart stays silent, which is its alarm."""
    _, hook, block, heart = told
    monkeypatch.setenv("REDIS_PASSWORD", "wrong")
    begun = datetime.now(UTC)

    state = backup(return_state=True)

    assert state.is_failed()
    ((_, _, said),) = block.heard
    assert said == {"title": f"redis-dr: backup of {NAME} failed", "text": state.message}
    ((_, _, posted),) = hook.heard
    assert (posted["outcome"], posted["line"]) == ("failed", state.message)
    assert posted["run"].startswith(f"backup-{NAME}-")
    assert posted["url"].endswith(f"/flow-run/{state.state_details.flow_run_id}")
    assert heart.heard == []
    events = wait_until(
        lambda: [
            one
            for one in heard_events(prefect_here, "redis-dr.backup.failed")
            if one.occurred >= begun
        ],
        30,
        "the event is there",
        interval=0.5,
    )
    assert events[0].resource.id == f"redis-dr.instance.{NAME}"


def test_a_good_backup_beats_the_heart_and_wakes_nobody(told: Any) -> None:
    """One GET for the dead man's switch; neither webhook nor block."""
    _, hook, block, heart = told

    assert backup(return_state=True).is_completed()
    assert [(method, body) for method, _, body in heart.heard] == [("GET", None)]
    assert hook.heard == block.heard == []


def test_who_cannot_be_told_stops_nothing(
    make_installation: MakeInstallation,
    prefect_here: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A block that nobody saved and a webhook where nobody listens: the others hear it."""
    with listening() as heart:
        more = '[notify]\nwhen = "always"\nwebhook_url = "http://127.0.0.1:9/"\n'
        made = make_installation(
            more=f'{more}heartbeat_url = "{heart.url}"\nblocks = ["slack-webhook/no"]'
        )
        use(made, monkeypatch)

        assert backup(return_state=True).is_completed()
        assert len(heart.heard) == 1


def test_a_fault_of_ours_is_recovered_and_told(told: Any) -> None:
    """A run that just failed, without a name: its hook looks what was left, and tells that too."""
    _, hook, _, _ = told
    from prefect.client.schemas.objects import FlowRun  # noqa: PLC0415 with its only user
    from prefect.states import Failed  # noqa: PLC0415 same

    run = FlowRun.model_construct(name="backup-x", parameters={}, id=None)
    recover_failed_run(backup, run, Failed(message="IndexError: list index out of range\nmore"))
    recover_failed_run(backup, run, Failed(name="Refused", message="was told already"))

    ((_, _, posted),) = hook.heard
    assert posted["line"] == "IndexError: list index out of range; recovery: nothing to do"
