"""One run at a time per instance, as a courtesy of Prefect; the hands are the real lock."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency._asyncio import ConcurrencySlotAcquisitionError  # it has no public name
from prefect.concurrency.sync import concurrency
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.artifacts import API_ERRORS, quickly
from redis_dr.flows.orchestration.names import artifact_key

LEASE_SECONDS = 60.0  # after kill -9 the next one got in after 72 s (facts/prefect.md)
_WAIT_SECONDS = 3600.0  # then the hands decide


def limit_name(instance: str) -> str:
    """The name of the global concurrency limit of one instance."""
    return artifact_key("redis-dr", instance)


def ensure_limit(instance: str) -> bool:
    """Make it, if it is not there: without one, Prefect lets both in and only warns."""
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(limit_name(instance), 1)
    return True


@contextmanager
def turn(instance: str) -> Iterator[None]:
    """Wait for the instance's turn, instead of being refused by the hands.

    An API that does not answer, before or meanwhile, stops nothing.
    """
    slot = ExitStack()
    if quickly(lambda: ensure_limit(instance)):
        try:
            slot.enter_context(_slot(instance))
        except (*API_ERRORS, ConcurrencySlotAcquisitionError, TimeoutError) as error:
            get_run_logger().warning("no turn of Prefect's (%s); the hands decide", error)
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
        # or a server that goes away would end a restore half way
        raise_on_lease_renewal_failure=False,
    )
