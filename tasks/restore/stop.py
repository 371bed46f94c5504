"""Take the server down without losing a write, and bring it up again."""

import contextlib
import math
import time
from dataclasses import dataclass

from redis_dr.tasks.engine.container import inspect, logs, set_restart_policy, start, stop
from redis_dr.tasks.engine.end_server import end_server
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.errors import NotReady, RedisDrError, SaveFailed, Unreachable
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.restore.journal import Journal
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.epoch_guard import LastEpochs, last_epochs
from redis_dr.tasks.restore.last_save import hold_writes, save_and_shut_down
from redis_dr.tasks.restore.second_server import require_alone
from redis_dr.tasks.restore.served import leads_elsewhere
from redis_dr.tasks.server.connection import ServerConnection, seconds_for
from redis_dr.tasks.server.errors import answered, timed_out
from redis_dr.tasks.server.info import server_info, wait_until_ready
from redis_dr.tasks.step import step

_ANSWER_SECONDS = 5
_PAUSE_MS = 10_000  # writes wait no longer for a stop that does not come about
_LOOK_SECONDS = 2  # between two looks at whether the container still lives


class NotServing(Unreachable):
    """The server was started and does not serve: it died, or its deadline passed."""


@dataclass(frozen=True, slots=True)
class StoppedServer:
    """The container after the stop, and what was read right before it."""

    container: ContainerState
    epochs: LastEpochs | None = None  # None: not asked for, or the server did not answer


@step
def stop_server(
    helper: Helper, server: ServerConnection, journal: Journal, *, read_epochs: bool = False
) -> StoppedServer:
    """Stop the container; what the server held is on the volume afterwards.

    With AOF on it is there already, and a final RDB would only take time. With AOF off the final
    save is all that there is: SHUTDOWN SAVE, because a server that cannot save then stays up,
    while after SIGTERM the engine would kill it (facts/redis.md 8). The epochs are read last, as
    close to the stop as possible. Raises SaveFailed; the server then runs on.
    """
    # an engine that starts anew must not boot the server in the middle of a swap, and the end of
    # the process must not make the engine start it (facts/redis.md 15)
    helper.assert_held()
    set_restart_policy(server.instance.container, "no")
    info = _answer_of_ours(server)
    helper.assert_held()
    epochs = None
    if info is None:
        _require_nothing_in_memory(server.instance, journal, served=journal.answered)
    elif not info.loading:
        if info.aof_enabled:
            _no_final_save(server)
        if read_epochs:
            epochs = last_epochs(server)
        return StoppedServer(_end(helper, server, info, save=not info.aof_enabled), epochs)
    return StoppedServer(halt(helper, server.instance, info), epochs)


@step
def stop_new_data(
    helper: Helper, server: ServerConnection, journal: Journal, *, seen_serving: bool
) -> StoppedServer:
    """Stop the server on the new data, before it is taken away; a write of a client is saved.

    With AOF off and no write since the start there is no save, so that the files stay as they were
    placed. Raises SaveFailed; the server then runs on.
    """
    helper.assert_held()
    set_restart_policy(server.instance.container, "no")
    info = _answer_of_ours(server)
    helper.assert_held()
    if info is None:
        # one that runs and lets nobody in may have been let in by clients before
        served = seen_serving or _holds_out(server)
        _require_nothing_in_memory(server.instance, journal, served=served)
    elif not info.loading:
        save = not (info.aof_enabled or _surely_unwritten(server))
        if not save:
            _no_final_save(server)
        return StoppedServer(_end(helper, server, info, save=save))
    return StoppedServer(halt(helper, server.instance, info))


@step
def written_since_start(server: ServerConnection) -> bool:
    """Whether the running server was written to since it loaded its data; True when not known."""
    info = _answer_of_ours(server)
    return info is None or _written(info)


def _end(
    helper: Helper, server: ServerConnection, info: ServerInfo, *, save: bool
) -> ContainerState:
    """End the server that answered, and its container; with `save` what it holds is saved first.

    Process 1 of the container may be a supervisor that starts the server again as soon as it has
    ended, and clients would write to that one until the container is down (measured: 10,000 to
    50,000 acknowledged writes that no file held). So there the server does not end by itself:
    writes are held, and all processes are killed together. Raises SaveFailed.
    """
    seconds = _patience(server.instance, info)
    if info.process_id != 1:
        hold_writes(server, seconds, save=save)
        helper.assert_held()
        return _stopped(server.instance, 0)
    if save:
        save_and_shut_down(server, seconds)
    helper.assert_held()
    return _stopped(server.instance, math.ceil(seconds))


def halt(helper: Helper, instance: Instance, info: ServerInfo | None = None) -> ContainerState:
    """Stop the container, whatever it does now, without regard for what is only in its memory."""
    helper.assert_held()
    # a first process that is not the server passes no signal on: the server itself is ended first
    seconds = end_server(instance.container, math.ceil(_patience(instance, info)))
    return _stopped(instance, seconds)


def _stopped(instance: Instance, seconds: int) -> ContainerState:
    state = stop(instance.container, seconds)
    if state.status not in {"exited", "created", "dead"}:
        raise Unreachable(
            f"{instance.container} is {state.status} after the stop", "see the engine's log"
        )
    return state


@step
def start_server(helper: Helper, instance: Instance, folder: str) -> None:
    """Start the container, unless another server runs on its data directory: SecondServer.

    What this proves: nothing; see await_server.
    """
    require_alone(helper, instance.container, folder)
    helper.assert_held()
    start(instance.container)


@step
def await_server(server: ServerConnection, progress: Progress) -> ServerInfo:
    """Wait until the server has loaded its data; report how much it has loaded.

    Raises NotServing at the deadline, and as soon as the container is seen to have died: every
    second of waiting for a dead server is downtime. Unreachable when the engine does not answer.
    """
    instance = server.instance
    begun, patience = time.monotonic(), float(instance.restore.start_timeout_seconds)

    def loading(info: ServerInfo) -> None:
        nonlocal patience
        patience = max(patience, seconds_for(info.loading_total_bytes))
        progress("loading", info.loading_loaded_perc / 100)

    while True:
        try:
            info = wait_until_ready(server, _LOOK_SECONDS, loading)
        except Unreachable as error:
            if not inspect(instance.container).running:
                raise _died(instance) from None
            if time.monotonic() - begun > patience:
                raise NotServing(error.problem, error.remedy) from error
        else:
            server.reconnect()
            server.keep_open()  # clients may take all the connections that it allows
            return info


def require_same(server: ServerConnection, stopped: ContainerState) -> None:
    """After the stop: the container is still down, and nobody answers at the url.

    Raises Unreachable when somebody started it, or when the url leads to another server.
    """
    instance = server.instance
    now = inspect(instance.container)
    if now.running or now.started_at != stopped.started_at:
        raise Unreachable(
            f"somebody started {instance.container} while its data was being exchanged",
            "find out what did (a watchdog? `docker compose up`?), hold it back, then try again",
        )
    if _answer(server) is not None:
        raise Unreachable(
            f"{instance.url} answers although {instance.container} is stopped: "
            "they are two servers",
            "correct `url` or `container` of this instance",
        )


def keep_serving(server: ServerConnection, journal: Journal) -> None:
    """The stop did not come about: take back what was set for it."""
    restore_policy(server.instance, journal)
    if not journal.answered or _answer_of_ours(server) is None:
        return
    with contextlib.suppress(RedisDrError), server.errors():
        server.client().config_set("save", journal.save)
    with contextlib.suppress(RedisDrError), server.errors():
        server.client().client_unpause()  # see tasks/restore/epoch_guard.py


@step
def restore_policy(instance: Instance, journal: Journal) -> None:
    """Give the container back the restart policy that a stop took away."""
    # another one than ours was set by somebody since, and that is what holds
    if inspect(instance.container).restart_policy == "no" != journal.restart_policy:
        set_restart_policy(instance.container, journal.restart_policy, journal.restart_retries)


def _answer_of_ours(server: ServerConnection) -> ServerInfo | None:
    """INFO, or None when nothing answers or another server does: that one is left alone."""
    info = _answer(server)
    return None if info is None or leads_elsewhere(server, info) else info


def _written(info: ServerInfo) -> bool:
    # a save sets the first to zero; the second counts the saves since the start. CONFIG RESETSTAT
    # leaves both alone, other than the statistics of the commands
    return not info.loading and bool(info.rdb_changes_since_last_save or info.rdb_saves)


def _surely_unwritten(server: ServerConnection) -> bool:
    """Hold all writes, and see that there was none; False when they cannot be held."""
    try:
        with server.errors():
            server.client().client_pause(_PAUSE_MS, all=False)
    except RedisDrError:
        return False
    info = _answer(server)
    return info is not None and not _written(info)


def _no_final_save(server: ServerConnection) -> None:
    # refused by an ACL: then the stop takes as long as the save, and loses nothing
    with contextlib.suppress(RedisDrError), server.errors():
        server.client().config_set("save", "")


def _require_nothing_in_memory(instance: Instance, journal: Journal, *, served: bool) -> None:
    """A server without AOF that served and does not answer may hold writes that no file has."""
    if journal.append_only or not served:
        return
    if inspect(instance.container).status in {"running", "paused"}:
        raise SaveFailed(
            f"{instance.name} does not answer, and without AOF what it holds may be in memory only",
            f"see `docker logs {instance.container}`; once it answers, or after "
            f"`docker stop {instance.container}`, run `redis-dr recover`",
        )


def _answer(server: ServerConnection) -> ServerInfo | None:
    """INFO of the server, or None when nothing answers."""
    try:
        with server.single_try(_ANSWER_SECONDS) as client, server.errors():
            return server_info(client)
    except NotReady:
        return None


def _holds_out(server: ServerConnection) -> bool:
    """Whether a server is there that cannot be asked: no free connection, a script, or it hangs."""
    try:
        with server.single_try(_ANSWER_SECONDS) as client, server.errors():
            server_info(client)
    except NotReady as error:
        return answered(error) or timed_out(error)
    return False


def _patience(instance: Instance, info: ServerInfo | None) -> float:
    """Seconds until the engine kills: as configured, or longer where a save may take longer."""
    return max(
        instance.restore.stop_timeout_seconds, seconds_for(info.used_memory) if info else 0.0
    )


def _died(instance: Instance) -> NotServing:
    state = inspect(instance.container)
    if state.oom_killed:
        return NotServing(
            f"{instance.container} was killed for want of memory after the start "
            f"(State.OOMKilled, exit code {state.exit_code}, memory limit {state.memory_limit})",
            f"give it more by `docker update --memory BYTES --memory-swap BYTES {state.name}`",
        )
    lines = [line for line in logs(instance.container, 20).splitlines() if "#" in line]
    said = " / ".join(lines[-3:]) or "its log says nothing"
    return NotServing(
        f"{instance.container} ended by itself after the start: {said}",
        f"see `docker logs {instance.container}`",
    )
