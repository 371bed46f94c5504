"""One run at a time per instance, by a Prefect limit; the helper container is the real lock."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency._asyncio import ConcurrencySlotAcquisitionError  # it has no public name
from prefect.concurrency.sync import concurrency
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.api import API_ERRORS, quickly
from redis_dr.flows.orchestration.names import artifact_key

LEASE_SECONDS = 60.0  # after kill -9 the next one got in after 72 s (facts/prefect.md)
_WAIT_SECONDS = 3600.0  # then the helper container's lock decides


def limit_name(instance: str) -> str:
    """The name of the global concurrency limit of one instance."""
    return artifact_key("redis-dr", instance)


def ensure_limit(instance: str) -> bool:
    """Create the limit if it is missing: without it Prefect lets both runs in and only warns."""
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(limit_name(instance), 1)
    return True


@contextmanager
def instance_slot(instance: str) -> Iterator[None]:
    """Wait until no other run works on the instance, instead of being refused by its lock.

    When the API does not answer, before or during the work, the work goes on without the limit.
    """
    slot = ExitStack()
    if quickly(lambda: ensure_limit(instance)):
        try:
            slot.enter_context(_slot(instance))
        except (*API_ERRORS, ConcurrencySlotAcquisitionError, TimeoutError) as error:
            get_run_logger().warning(
                "no concurrency slot (%s); the helper container's lock decides", error
            )
    try:
        yield
    finally:
        quickly(slot.close)


def _slot(instance: str) -> AbstractContextManager[None]:
    return concurrency(
        limit_name(instance),
        timeout_seconds=_WAIT_SECONDS,
        lease_duration=LEASE_SECONDS,
        strict=True,
        # a server that goes away must not end a restore half way
        raise_on_lease_renewal_failure=False,
    )
