"""Take the server down without losing a write, and bring it up again."""

import time

from tasks.engine.container import inspect, logs, set_restart_policy, start, stop
from tasks.engine.hands import Hands
from tasks.model.container import ContainerState
from tasks.model.errors import Unreachable
from tasks.model.journal import Journal
from tasks.model.say import Say
from tasks.model.server_info import ServerInfo
from tasks.model.settings.instance import Instance
from tasks.model.survey import Survey
from tasks.server.connection import connect
from tasks.server.errors import redis_errors
from tasks.server.info import wait_until_ready
from tasks.step import step

_LOOK_SECONDS = 2  # between two looks at whether the container still lives
_ANY_SAVE = "3600 1"  # any save point makes SIGTERM save; the hour never comes


@step
def stop_server(hands: Hands, instance: Instance, found: Survey) -> ContainerState:
    """Stop by the engine; what the server held is on the volume afterwards.

    With AOF on it is there already and a final RDB would only take time; with AOF off the final
    save is all that there is, also when no save point is configured (facts/redis.md 3 and 15).
    """
    hands.assert_held()
    if found.info is not None:
        with redis_errors(instance.name):
            connect(instance).config_set("save", "" if found.info.aof_enabled else _ANY_SAVE)
    # an engine that starts anew must not boot the server in the middle of a swap
    set_restart_policy(instance.container, "no")
    return halt(hands, instance)


def halt(hands: Hands, instance: Instance) -> ContainerState:
    """Stop the container, whatever it does now; one that is down stays down."""
    hands.assert_held()
    state = stop(instance.container, instance.restore.stop_timeout_seconds)
    if state.status not in {"exited", "created", "dead"}:
        raise Unreachable(
            f"{instance.container} is {state.status} after the stop", "see the engine's log"
        )
    return state


@step
def start_server(hands: Hands, instance: Instance) -> None:
    """Start the container. What this proves: nothing; see await_server."""
    hands.assert_held()
    start(instance.container)


@step
def await_server(instance: Instance, say: Say) -> ServerInfo:
    """Wait through the load, telling how far it is.

    Raises Unreachable at the deadline, and as soon as the container is seen to have died: every
    second of waiting for a dead server is downtime.
    """
    deadline = time.monotonic() + instance.restore.start_timeout_seconds
    client = connect(instance)
    while True:
        try:
            return wait_until_ready(client, _LOOK_SECONDS, lambda info: say(_loading(info)))
        except Unreachable:
            if not inspect(instance.container).running:
                raise _died(instance) from None
            if time.monotonic() > deadline:
                raise


def _loading(info: ServerInfo) -> str:
    return f"loading, {info.loading_loaded_perc:.0f} %"


def _died(instance: Instance) -> Unreachable:
    lines = [line for line in logs(instance.container, 20).splitlines() if "#" in line]
    said = " / ".join(lines[-3:]) or "its log says nothing"
    return Unreachable(
        f"{instance.container} ended by itself after the start: {said}",
        f"see `docker logs {instance.container}`",
    )


@step
def restore_policy(instance: Instance, journal: Journal) -> None:
    """Give the container back the restart policy that it had."""
    if inspect(instance.container).restart_policy != journal.restart_policy:
        set_restart_policy(instance.container, journal.restart_policy, journal.restart_retries)
