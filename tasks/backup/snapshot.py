"""Make the server save, and gather what proves that the file is that save."""

import time
from typing import Any

import redis

from redis_dr.tasks.model.backup.snapshot import Counts, Snapshot
from redis_dr.tasks.model.errors import SaveFailed
from redis_dr.tasks.server.connection import ServerConnection, server_time_ms
from redis_dr.tasks.server.info import ServerInfo
from redis_dr.tasks.server.saving import another_save, until_no_save
from redis_dr.tasks.step import step

_DEADLINE_SECONDS = 3600  # for a save of ours, or of somebody else that runs already


@step
def take_snapshot(server: ServerConnection) -> Snapshot:
    """BGSAVE, and wait for its end. The result is a claim: judge_snapshot proves it by the file.

    Raises SaveFailed when the server says that it could not save, Unreachable.
    """
    client = server.client()
    with server.errors():
        started = time.monotonic()
        begun_ms, before, after = _begin(client)
        info = _until_done(client)
        if info.rdb_last_bgsave_status != "ok":
            raise SaveFailed(
                f"{server.instance.name} could not save: rdb_last_bgsave_status is "
                f"{info.rdb_last_bgsave_status}",
                "see the container's log (disk full? no memory for the fork?), then try again",
            )
        ended = client.info("all")
        return Snapshot(
            begun_ms=begun_ms,
            ended_ms=server_time_ms(client),
            before=_keyspace(before),
            after=_keyspace(after),
            saves_before=int(before["rdb_saves"]),
            saves_after=int(ended["rdb_saves"]),
            flushes_before=_flushes(before),
            flushes_after=_flushes(ended),
            seconds=time.monotonic() - started,
        )


def await_no_save(server: ServerConnection) -> None:
    """Return when no save and no rewrite is at work. Raises SaveFailed after an hour."""
    with server.errors():
        _until_done(server.client())


def saves_so_far(server: ServerConnection) -> int:
    """rdb_saves now: has another save begun since?"""
    with server.errors():
        return int(server.client().info("persistence")["rdb_saves"])


def _begin(client: redis.Redis) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """TIME, counts, BGSAVE and counts in one pipeline, when no other child is at work."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while True:
        _until_done(client)
        pipeline = client.pipeline(transaction=False)  # in a MULTI the fork would be put off
        pipeline.time()
        pipeline.info("all")
        # not .bgsave(): that asks for SCHEDULE
        pipeline.execute_command("BGSAVE")  # type: ignore[no-untyped-call] # redis-py left it out
        pipeline.info("all")
        (seconds, micros), before, answer, after = pipeline.execute(raise_on_error=False)
        if not isinstance(answer, redis.ResponseError):
            return int(seconds) * 1000 + int(micros) // 1000, before, after
        if not another_save(answer) or time.monotonic() > deadline:
            raise SaveFailed(f"BGSAVE was refused: {answer}", "see what else saves, then try again")


def _until_done(client: redis.Redis) -> ServerInfo:
    info = until_no_save(client, _DEADLINE_SECONDS)
    if info is None:
        raise SaveFailed(
            f"a save or rewrite has been going on for {_DEADLINE_SECONDS} s",
            "see the container's log and `INFO persistence`",
        )
    return info


def _keyspace(info: dict[str, Any]) -> Counts:
    return {
        int(name[2:]): (int(value["keys"]), int(value["expires"]))
        for name, value in info.items()
        if name.startswith("db") and name[2:].isdigit()
    }


def _flushes(info: dict[str, Any]) -> int:
    # only FLUSHALL kills the saving child and saves an empty file over it (facts/redis.md 8)
    return int(info.get("cmdstat_flushall", {"calls": 0})["calls"])
