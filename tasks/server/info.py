"""Read what a server reports about itself, and wait until it serves."""

import time
from collections.abc import Callable, Iterable

import redis

from redis_dr.tasks.model.errors import NotReady, Unreachable
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.server.connection import ServerConnection, address_of, server_time_ms
from redis_dr.tasks.server.errors import redis_errors

__all__ = [
    "ServerInfo",
    "config_values",
    "persistence",
    "server_info",
    "server_time_ms",
    "wait_until_ready",
]

_POLL_SECONDS = 0.1

_PERSISTENCE = (
    "dir",
    "dbfilename",
    "appendonly",
    "appenddirname",
    "appendfilename",
    "save",
    "aof-use-rdb-preamble",
    "rdbchecksum",
    "rdbcompression",
    "maxmemory",
    "maxmemory-policy",
    "databases",
    "aof-timestamp-enabled",
    "cluster-enabled",
)


def server_info(client: redis.Redis) -> ServerInfo:
    """INFO all. Answers while the server is loading, too."""
    return ServerInfo.of(client.info("all"))


def config_values(client: redis.Redis, names: Iterable[str]) -> dict[str, str]:
    """CONFIG GET of each name; one that the server does not know is absent.

    By name and not by `*`: the passwords among the settings stay where they are.
    """
    pipeline = client.pipeline(transaction=False)
    for name in names:
        pipeline.config_get(name)
    answers = pipeline.execute()
    return {_text(key): _text(value) for answer in answers for key, value in answer.items()}


def persistence(client: redis.Redis) -> Persistence:
    """The effective settings that a restore needs, from the server that runs."""
    values = config_values(client, _PERSISTENCE)
    fields = {name.replace("-", "_"): value for name, value in values.items()}
    # Redis before 7 has one append file and no directory for it
    return Persistence.model_validate({"appenddirname": "", **fields})


def wait_until_ready(
    server: ServerConnection, deadline_seconds: float, progress: Callable[[ServerInfo], None]
) -> ServerInfo:
    """Wait through refused connections and LOADING until the server serves.

    `progress` gets each INFO of a server that still loads. Raises Unreachable after the deadline,
    and UsageError at once for a wrong password.
    """
    end = time.monotonic() + deadline_seconds
    # this loop does the retrying: neither the retries nor the breaker of the connection are wanted
    with server.single_try(server.instance.resilience.timeout_seconds) as client:
        while True:
            try:
                with redis_errors(address_of(client)):
                    info = server_info(client)
                    if not info.loading and client.ping():
                        return info
                progress(info)
                state = f"it was loading, {info.loading_loaded_perc:g} % done"
            except NotReady as error:
                state = error.problem
            if time.monotonic() >= end:
                raise Unreachable(
                    f"{address_of(client)} was not ready after {deadline_seconds:g} s: {state}",
                    "see the container's log; a larger start_timeout_seconds waits longer",
                )
            time.sleep(_POLL_SECONDS)


def _text(value: bytes | str) -> str:
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value
