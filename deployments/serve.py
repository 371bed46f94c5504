"""One process that runs every deployment: no work pool and no worker is needed.

python -m redis_dr.deployments.serve        (PREFECT_API_URL and REDIS_DR_CONFIG say where)
"""

import asyncio
import contextlib
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import TerminationSignal
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from redis_dr.deployments.awaiting import await_api
from redis_dr.deployments.clearing import clear
from redis_dr.deployments.missed import drop_missed
from redis_dr.deployments.patient_runner import PatientRunner
from redis_dr.deployments.table import DEPLOYED, Deployed
from redis_dr.flows.orchestration.concurrency import ensure_limit
from redis_dr.flows.orchestration.settings import chosen, configured
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.schedule import ScheduleSettings

AT_ONCE = 10  # runs; a restore that waits for its answer counts, too


def main() -> int:
    """Deploy and serve until a signal comes. Schedules stay active: nobody is there to resume."""
    try:
        settings = configured()
        instances = chosen(settings, None)
        await_api()
    except RedisDrError as error:
        print(f"serve: {error}", file=sys.stderr)
        return error.exit_code
    for instance in instances:
        ensure_limit(instance.name)
    clear(instances)  # the serve before this one may have been killed with all its runs
    for name in drop_missed():
        print(f"serve: {name} missed its time, a later one catches up", flush=True)
    served = [_served(one, settings.schedule, _defaults(one, instances)) for one in DEPLOYED]
    try:
        _run(served)
    finally:
        # Prefect kills the runs, and runs none of their hooks then (facts/prefect.md)
        clear(instances)
    return 0


def _run(served: Sequence[RunnerDeployment]) -> None:
    # pausing would leave the nightly backup paused after every restart (facts/prefect.md)
    runner = PatientRunner(limit=AT_ONCE, pause_on_shutdown=False)
    for one in served:
        runner.add_deployment(one)
    with contextlib.suppress(KeyboardInterrupt, TerminationSignal):
        asyncio.run(runner.start())


def _defaults(one: Deployed, instances: Sequence[Instance]) -> dict[str, Any]:
    """At 3 a.m. the form has to be filled in already; with several instances a person chooses."""
    if one.flow == "restore" and len(instances) == 1:
        return {"instance": instances[0].name, **one.parameters}
    return one.parameters


def _served(
    one: Deployed, schedule: ScheduleSettings, parameters: dict[str, Any]
) -> RunnerDeployment:
    flow: Any = getattr(importlib.import_module(f"redis_dr.flows.{one.flow}"), one.flow)
    cron = one.cron(schedule)
    made: RunnerDeployment = flow.to_deployment(
        name=one.name,
        schedule=Cron(cron, timezone=schedule.timezone) if cron else None,
        parameters=parameters,
        description=one.description,
        tags=one.all_tags,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return made


if __name__ == "__main__":
    sys.exit(main())
