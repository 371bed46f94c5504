"""Epochs at the last moment: one raised while a restore was being prepared must not be lost.

The placed file holds every counter above backup and live set as they were when it was made. Right
before the stop they are read once more, while no client can write, and what came to be too low is
raised as soon as the server answers again.
"""

import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import redis

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.step import step

# writes wait no longer than this for a stop that does not come about; a server that ends forgets it
_PAUSE_MS = 10_000
_GREATEST = (1 << 63) - 1  # what INCR and HINCRBY can hold
_BATCH = 1000  # commands a round trip
_REPLICAS_SECONDS = 0.2  # between two tries

Increment = tuple[str, bytes | None, int]  # key, field of a hash (None: a counter), by how much


@dataclass(frozen=True, slots=True)
class LastEpochs:
    """The counters' values; those that are no integers are left out, as a splice leaves them."""

    hashes: dict[str, dict[bytes, int]] = field(default_factory=dict)
    counter: int | None = None
    problem: str = ""  # why they could not be read


def has_epochs(server: ServerConnection) -> bool:
    """Whether the server holds any epoch; where an ACL does not let us see, it may."""
    epochs = server.instance.epochs
    try:
        with server.errors():
            return bool(server.client(epochs.db).exists(*epochs.hashes, epochs.counter))
    except RedisDrError:
        return True


@step
def last_epochs(server: ServerConnection) -> LastEpochs:
    """Hold all writes and read the counters."""
    epochs = server.instance.epochs
    # what cannot be raised afterwards need not be read now
    lacking = server.rights.lacks("type", "get", "hgetall", "hincrby", "incrby")
    if lacking:
        names = ", ".join(name.upper() for name in lacking)
        return LastEpochs(problem=f"{names} refused to user {server.rights.user}")
    try:
        client = server.client(epochs.db)
        # refused by an ACL: then a bump between this and the stop is not seen
        with contextlib.suppress(RedisDrError), server.errors():
            client.client_pause(_PAUSE_MS, all=False)
        with server.errors():
            return LastEpochs(
                {name: _numbers(_hash(client, name)) for name in epochs.hashes},
                _numbers({b"": _string(client, epochs.counter)}).get(b""),
            )
    except RedisDrError as error:  # an ACL; or it just died: neither keeps a restore from going on
        return LastEpochs(problem=error.problem)


@step
def raise_epochs(server: ServerConnection, last: LastEpochs | None) -> tuple[Finding, ...]:
    """Raise each counter above what it was last. By increments: a client may raise it, too."""
    instance, epochs = server.instance, server.instance.epochs
    if last is None or instance.database(epochs.db).on_restore == "empty":
        return ()
    check = "epochs are above those seen right before the stop"
    if last.problem:
        return (Finding(check=check, ok=True, actual="not seen", detail=last.problem),)
    with server.errors():
        client = server.client(epochs.db)
        behind = _to_raise(client, last, epochs.counter)
        end = time.monotonic() + instance.restore.start_timeout_seconds
        while behind and not _raised(client, behind, end):
            time.sleep(_REPLICAS_SECONDS)
            behind = _to_raise(client, last, epochs.counter)
    if not any(last.hashes.values()) and last.counter is None:
        return ()
    return (Finding(check=check, ok=True, actual=f"{len(behind)} raised after the start"),)


def _to_raise(client: redis.Redis, last: LastEpochs, counter: str) -> list[Increment]:
    behind: list[Increment] = []
    for name, values in last.hashes.items():
        now = _numbers(_hash(client, name))
        behind += [(name, field, by) for field, by in _behind(values, now)]
    if last.counter is not None:
        now = _numbers({b"": _string(client, counter)})
        behind += [(counter, None, by) for _, by in _behind({b"": last.counter}, now)]
    return behind


def _raised(client: redis.Redis, behind: list[Increment], end: float) -> bool:
    """False while min-replicas-to-write refuses writes: the replicas still copy the new data."""
    try:
        _raise(client, behind)
    except redis.ResponseError as error:
        if "NOREPLICAS" not in str(error) or time.monotonic() > end:
            raise
        return False
    return True


def _behind(last: dict[bytes, int], now: dict[bytes, int]) -> list[tuple[bytes, int]]:
    gaps = ((name, value + 1 - now.get(name, 0)) for name, value in last.items())
    return [(name, gap) for name, gap in gaps if gap > 0 and last[name] < _GREATEST]


def _raise(client: redis.Redis, behind: list[Increment]) -> None:
    for at in range(0, len(behind), _BATCH):
        pipeline = client.pipeline(transaction=False)
        for name, one, by in behind[at : at + _BATCH]:
            if one is None:
                pipeline.incrby(name, by)
            else:
                pipeline.execute_command("HINCRBY", name, one, by)  # type: ignore[no-untyped-call] # hincrby() wants text
        pipeline.execute()


def _hash(client: redis.Redis, name: str) -> dict[bytes, bytes]:
    found: Any = client.hgetall(name) if client.type(name) == b"hash" else {}
    return dict(found)


def _string(client: redis.Redis, name: str) -> bytes:
    found: Any = client.get(name) if client.type(name) == b"string" else None
    return bytes(found or b"")


def _numbers(values: dict[bytes, bytes]) -> dict[bytes, int]:
    found = {}
    for name, value in values.items():
        with contextlib.suppress(ValueError):
            found[name] = int(value)
    return found
