"""The last save of a server without an append-only file, before it is stopped.

By SHUTDOWN SAVE, which a server that cannot save refuses. Where SHUTDOWN is denied or disabled:
BGSAVE shows that the server can save, and then its end by the engine's signal saves once more. It
does so only with save points; without them, writes are held, and a second BGSAVE is the last save.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from redis_dr.tasks.model.errors import SaveFailed
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.errors import answered
from redis_dr.tasks.server.info import ServerInfo, config_values
from redis_dr.tasks.server.saving import another_save, until_no_save

_POLL_SECONDS = 0.05
_SAVE_POINTS = "3600 1"
# a process that dies holds the writes for so long and no longer: the pause is renewed meanwhile
_PAUSE_SECONDS = 15
_RENEW_SECONDS = 4
_HOLD_SECONDS = 60  # until the engine has killed the container


def save_and_shut_down(server: ServerConnection, seconds: float) -> None:
    """The server has saved, and is down or waits for its signal. Raises SaveFailed."""
    if server.rights.lacks("shutdown"):
        _save_for_signal(server, seconds)
    else:
        _shut_down(server, seconds)


def hold_writes(server: ServerConnection, seconds: float, *, save: bool) -> None:
    """Hold all writes, and see within `seconds` that what the server holds is in a file.

    With `save` that is an RDB, else the append-only file. Afterwards writes are held for the time
    that the engine takes to kill the container. Raises SaveFailed, also when writes cannot be held.
    """
    if server.rights.lacks("client|pause"):
        raise SaveFailed(
            f"process 1 of {server.instance.container} is not the server and may start it again, "
            "and this user may not hold the writes meanwhile",
            "grant CLIENT PAUSE (docs/acl.md), or make the server process 1",
        )
    with server.errors():
        client = server.client()
        with _writes_held(server, client):
            if save:
                _background_save(server, client, seconds)
            else:
                _await_append(server, client, time.monotonic() + seconds)


@contextmanager
def _writes_held(server: ServerConnection, client: redis.Redis) -> Iterator[None]:
    """Hold all writes during the block, by short pauses that are renewed, and for a while after it.

    CLIENT PAUSE never shortens a pause that goes on, so nothing comes between two of them.
    """
    client.client_pause(_PAUSE_SECONDS * 1000, all=False)
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(_RENEW_SECONDS):
            with suppress(redis.RedisError, OSError):  # the next one may come through
                server.client().client_pause(_PAUSE_SECONDS * 1000, all=False)

    renewal = threading.Thread(target=renew, name="renew CLIENT PAUSE", daemon=True)
    renewal.start()
    try:
        yield
    finally:
        ended.set()
        renewal.join()
    client.client_pause(_HOLD_SECONDS * 1000, all=False)


def _await_append(server: ServerConnection, client: redis.Redis, deadline: float) -> None:
    # while an fsync is going on the server answers before it has written
    while int(client.info("persistence").get("aof_buffer_length", 0)):
        if time.monotonic() > deadline:
            raise SaveFailed(
                f"{server.instance.name} does not write its append-only file, so it was not "
                "stopped",
                "see the container's log (disk full?), then try again",
            )
        time.sleep(_POLL_SECONDS)


def _shut_down(server: ServerConnection, seconds: float) -> None:
    try:
        with server.single_try(seconds) as client:
            client.execute_command("SHUTDOWN", "SAVE")  # type: ignore[no-untyped-call] # redis-py left it out
    except redis.ResponseError as error:
        raise SaveFailed(
            f"{server.instance.name} cannot save what it holds, so it was not stopped: {error}",
            "see the container's log (disk full?); once BGSAVE works, try again",
        ) from error
    except (redis.ConnectionError, redis.TimeoutError) as error:
        if answered(error):
            raise SaveFailed(
                f"{server.instance.name} lets nobody in who could ask it to save what it holds, so "
                f"it was not stopped: {error}",
                "free a connection (CLIENT KILL, a larger maxclients), then try again",
            ) from error
        return  # its end is the answer; a server that hangs is stopped by the engine


def _save_for_signal(server: ServerConnection, seconds: float) -> None:
    with server.errors():
        client = server.client()
        _background_save(server, client, seconds)
        if not server.rights.lacks("config|set"):
            client.config_set("save", _SAVE_POINTS)  # the restart brings back what was configured
        elif not config_values(client, ["save"]).get("save"):
            with _writes_held(server, client):
                _background_save(server, client, seconds)


def _background_save(server: ServerConnection, client: redis.Redis, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _begun(client):
        _wait(server, client, deadline)
    info = _wait(server, client, deadline)
    if info.rdb_last_bgsave_status != "ok":
        raise SaveFailed(
            f"{server.instance.name} cannot save what it holds, so it was not stopped: "
            f"rdb_last_bgsave_status is {info.rdb_last_bgsave_status}",
            "see the container's log (disk full?); once BGSAVE works, try again",
        )


def _begun(client: redis.Redis) -> bool:
    try:
        client.execute_command("BGSAVE")  # type: ignore[no-untyped-call] # redis-py left it out
    except redis.ResponseError as error:
        if another_save(error):
            return False
        raise
    return True


def _wait(server: ServerConnection, client: redis.Redis, deadline: float) -> ServerInfo:
    info = until_no_save(client, deadline - time.monotonic())
    if info is None:
        raise SaveFailed(
            f"{server.instance.name} did not end its save in time, so it was not stopped",
            "a larger stop_timeout_seconds waits longer",
        )
    return info
