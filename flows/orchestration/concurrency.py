"""One run at a time per instance, by a Prefect limit; the helper container is the real lock.

The limit is a courtesy: it lets runs wait for each other where the lock would refuse them. So a
slot that stays taken while nobody works on the instance keeps nobody from working on it.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from prefect.client.orchestration import get_client
from prefect.concurrency._asyncio import ConcurrencySlotAcquisitionError  # it has no public name
from prefect.concurrency.sync import concurrency
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.api import API_ERRORS, quickly
from redis_dr.flows.orchestration.names import artifact_key
from redis_dr.tasks.engine.helper import holder_of
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance

LEASE_SECONDS = 60.0  # after kill -9 the next one got in after 72 s (facts/prefect.md)
COURTESY_SECONDS = 60.0  # for a slot that is taken while nobody works on the instance
NO_COURTESY = 0.0  # for a recovery: one look, then it goes on
_LOOK_SECONDS = 3.0  # between two looks at the limit, and at who works on the instance
_TAKE_SECONDS = 5.0  # to take a slot that was free a moment ago
_LONGEST_SECONDS = 3600.0  # behind somebody who does; then the helper container's lock decides


def limit_name(instance: str) -> str:
    """The name of the global concurrency limit of one instance."""
    return artifact_key("redis-dr", instance)


def ensure_limit(instance: str) -> bool:
    """Create the limit if it is missing: without it Prefect lets both runs in and only warns."""
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(limit_name(instance), 1)
    return True


@contextmanager
def instance_slot(instance: Instance, patience: float = COURTESY_SECONDS) -> Iterator[None]:
    """Wait until no other run works on the instance, instead of being refused by its lock.

    The log says whom it waits for. It waits for `patience` seconds where nobody holds the
    instance. When the API does not answer, the work goes on without the limit.
    """
    slot = ExitStack()
    if quickly(lambda: ensure_limit(instance.name)):
        try:
            _take(instance, patience, slot)
        except (*API_ERRORS, ConcurrencySlotAcquisitionError) as error:
            get_run_logger().warning(
                "no concurrency slot (%s); the helper container's lock decides", error
            )
    try:
        yield
    finally:
        quickly(slot.close)


def _take(instance: Instance, patience: float, slot: ExitStack) -> None:
    """Enter the slot; return without it when the wait for it has no reason or no end."""
    begun = idle_since = time.monotonic()
    told = None
    while not _entered(instance.name, slot):
        holder, now = _holder(instance), time.monotonic()
        if holder != told:
            _tell(instance, holder, patience)
            told = holder
        if holder:
            idle_since = now
        if now - idle_since >= patience or now - begun >= _LONGEST_SECONDS:
            get_run_logger().warning(
                "waited %.0f s for the concurrency limit %s; going on without it: the helper "
                "container's lock decides",
                now - begun,
                limit_name(instance.name),
            )
            return
        time.sleep(min(_LOOK_SECONDS, patience))


def _entered(instance: str, slot: ExitStack) -> bool:
    """Take the slot if it is free: a wait inside Prefect ends in an error line of its log."""
    with get_client(sync_client=True) as client:
        limit = client.read_global_concurrency_limit_by_name(limit_name(instance))
    if limit.active_slots >= limit.limit:
        return False
    with suppress(TimeoutError):  # another run was quicker
        slot.enter_context(_slot(instance))
        return True
    return False


def _tell(instance: Instance, holder: str, patience: float) -> None:
    if holder:
        get_run_logger().info("waiting for its turn: %s is held by %s", instance.name, holder)
        return
    get_run_logger().info(
        "waiting for its turn: another run has the concurrency limit %s; no operation holds %s, so "
        "this run waits for %.0f s at most",
        limit_name(instance.name),
        instance.name,
        patience,
    )


def _holder(instance: Instance) -> str:
    """Who works on the instance; "" when nobody does, or it cannot be seen."""
    try:
        found = holder_of(instance.container)
    except RedisDrError:
        return ""
    if found is None or found[1] != "running" or found[0].surely_dead():
        return ""
    return str(found[0])


def _slot(instance: str) -> AbstractContextManager[None]:
    return concurrency(
        limit_name(instance),
        timeout_seconds=_TAKE_SECONDS,
        lease_duration=LEASE_SECONDS,
        strict=True,
        # a server that goes away must not end a restore half way
        raise_on_lease_renewal_failure=False,
    )
