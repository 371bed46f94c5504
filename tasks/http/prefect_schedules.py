"""Asks a Prefect API which schedules are paused; by HTTP, so that it needs no Prefect here."""

from dataclasses import dataclass

import httpx

from redis_dr.tasks.model.errors import ServiceDown, ServiceError, UsageError

_TAG = "redis-dr"  # on every deployment of ours
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Schedules:
    """The deployments that have a schedule."""

    active: tuple[str, ...]
    paused: tuple[str, ...]


def read_schedules(api_url: str) -> Schedules:
    """Raises ServiceDown, ServiceError; UsageError for an address that is none."""
    body = {"deployments": {"tags": {"all_": [_TAG]}}}
    url = f"{api_url.rstrip('/')}/deployments/filter"
    remedy = "see whether the Prefect server runs, and prefect_api_url under [check]"
    try:
        answer = httpx.post(url, json=body, timeout=_TIMEOUT_SECONDS, trust_env=False)
        deployments = answer.json() if answer.is_success else None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise UsageError("the Prefect API's address is not a URL", remedy) from None
    except httpx.TransportError as error:
        raise ServiceDown(
            f"the Prefect API did not answer ({type(error).__name__})", remedy
        ) from None
    except ValueError:
        deployments = None
    if not isinstance(deployments, list):
        raise ServiceError(f"the Prefect API answered {answer.status_code}", remedy)
    planned = [deployment for deployment in deployments if deployment.get("schedules")]
    paused = {deployment["name"] for deployment in planned if _paused(deployment)}
    active = {deployment["name"] for deployment in planned} - paused
    return Schedules(tuple(sorted(active)), tuple(sorted(paused)))


def _paused(deployment: dict[str, object]) -> bool:
    schedules = deployment["schedules"]
    idle = isinstance(schedules, list) and not any(schedule.get("active") for schedule in schedules)
    return bool(deployment.get("paused")) or idle
