"""What `serve` does before it serves: wait for the server, recover instances, close dead runs."""

import sys
import time
from collections.abc import Sequence

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from redis_dr.flows.orchestration.api import API_ERRORS
from redis_dr.flows.orchestration.crashed_runs import close_dead_runs
from redis_dr.flows.runbook.recover.janitor import recover_if_needed
from redis_dr.tasks.model.errors import RedisDrError, Unreachable, UsageError
from redis_dr.tasks.model.settings.instance import Instance

_STARTS_WITHIN = 180.0  # seconds; 26 were measured on a fresh home (facts/prefect.md)
_PAUSE_SECONDS = 1.0


def api_address() -> str:
    """PREFECT_API_URL, from the environment or the active Prefect profile. Raises UsageError."""
    address = PREFECT_API_URL.value()
    if not address:
        # without an address Prefect would start a temporary server, which nobody else can see
        raise UsageError(
            "PREFECT_API_URL is not set, so there is no Prefect server to work with",
            "start one (`prefect server start`) and set PREFECT_API_URL=http://127.0.0.1:4200/api",
        )
    return str(address)


def await_api(seconds: float = _STARTS_WITHIN) -> None:
    """Return once the server at PREFECT_API_URL is healthy. Raises Unreachable.

    After a reboot the server may start later than the process that needs it.
    """
    deadline = time.monotonic() + seconds
    with get_client(sync_client=True) as client:
        while client.api_healthcheck() is not None:
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"no Prefect server answers at {PREFECT_API_URL.value()}",
                    "start it, or correct PREFECT_API_URL",
                )
            time.sleep(_PAUSE_SECONDS)
        _try_login(client)


def _try_login(client: SyncPrefectClient) -> None:
    """The health page needs no login, so ask something that does. Raises UsageError."""
    try:
        client.api_version()
    except PrefectHTTPStatusError as error:
        if error.response.status_code not in {401, 403}:
            raise
        raise UsageError(
            f"the Prefect server at {PREFECT_API_URL.value()} refuses the login "
            f"({error.response.status_code})",
            "set PREFECT_API_AUTH_STRING as the server has it, or PREFECT_API_KEY",
        ) from error


def recover_instances(instances: Sequence[Instance]) -> None:
    """Recover each instance whose run was killed, then close those runs in Prefect.

    The janitor does the same, but a Redis that is down must not wait for its next run. An error
    on one instance, or an API that does not answer, is printed and does not stop the others.
    """
    for instance in instances:
        try:
            report = recover_if_needed(instance, _print)
        except RedisDrError as error:
            _print(f"{instance.name}: {error.in_one_line}")
            continue
        if report.phase is not None:
            _print(f"{instance.name}: {report.headline}")
    try:
        for name in close_dead_runs():
            _print(f"{name} was shown as running; its process is gone")
    except API_ERRORS as error:
        _print(f"dead runs were not closed, Prefect's API failed: {type(error).__name__}")


def _print(line: str, _done: float | None = None, /) -> None:
    print(f"serve: {line}", file=sys.stderr, flush=True)
