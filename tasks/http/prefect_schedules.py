"""Asks a Prefect API which schedules are paused; by HTTP, so that it needs no Prefect here.

The login is Prefect's own: PREFECT_API_KEY, else PREFECT_API_AUTH_STRING; a proxy before the API
gets PREFECT_CLIENT_CUSTOM_HEADERS. PREFECT_API_SSL_CERT_FILE names a CA of one's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from redis_dr.tasks.http.prefect_login import prefect_client, require_login
from redis_dr.tasks.model.errors import ServiceDown, ServiceError, UsageError

_TAG = "redis-dr"  # on every deployment of ours
_REMEDY = "see whether the Prefect server runs, and prefect_api_url under [check]"


@dataclass(frozen=True, slots=True)
class Schedules:
    """The deployments that have a schedule, and what keeps their runs from starting."""

    active: tuple[str, ...]
    paused: tuple[str, ...]
    held: tuple[str, ...] = ()  # paused work pools and queues of the active ones


def read_schedules(api_url: str) -> Schedules:
    """Raises ServiceDown, ServiceError; UsageError for a wrong address or login."""
    with prefect_client(api_url) as client:
        body = {"deployments": {"tags": {"all_": [_TAG]}}}
        deployments = _rows(client, "deployments/filter", body)
        planned = [deployment for deployment in deployments if deployment.get("schedules")]
        paused = {deployment["name"] for deployment in planned if _paused(deployment)}
        active = [deployment for deployment in planned if deployment["name"] not in paused]
        held = tuple(_held(client, active))
    names = {deployment["name"] for deployment in active}
    return Schedules(tuple(sorted(names)), tuple(sorted(paused)), held)


def _held(client: httpx.Client, active: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A paused pool or queue starts no run, though every schedule in it is active."""
    used = {(row.get("work_pool_name"), row.get("work_queue_name")) for row in active}
    pools = sorted({pool for pool, _ in used if pool})
    if not pools:
        return
    for pool in _rows(client, "work_pools/filter", {"work_pools": {"name": {"any_": pools}}}):
        if pool.get("is_paused"):
            yield f"work pool {pool['name']} is paused"
            continue
        for queue in _rows(client, f"work_pools/{pool['name']}/queues/filter", {}):
            if queue.get("is_paused") and (pool["name"], queue["name"]) in used:
                yield f"work queue {queue['name']} of pool {pool['name']} is paused"


def _rows(client: httpx.Client, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        answer = client.post(path, json=body)
        rows = answer.json() if answer.is_success else None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise UsageError("the Prefect API's address is not a URL", _REMEDY) from None
    except httpx.TransportError as error:
        raise ServiceDown(
            f"the Prefect API did not answer ({type(error).__name__})", _REMEDY
        ) from None
    except ValueError:
        rows = None
    require_login(answer)
    if not isinstance(rows, list):
        raise ServiceError(f"the Prefect API answered {answer.status_code}", _REMEDY)
    return rows


def _paused(deployment: Mapping[str, Any]) -> bool:
    schedules = deployment["schedules"]
    idle = isinstance(schedules, list) and not any(schedule.get("active") for schedule in schedules)
    return bool(deployment.get("paused")) or idle
