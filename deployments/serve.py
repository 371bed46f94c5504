"""`redis-dr serve`: one process that runs every deployment, without work pool and worker.

PREFECT_API_URL names the Prefect server, REDIS_DR_CONFIG the configuration.
"""

import asyncio
import contextlib
import importlib
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

from prefect._internal.versioning import VersionType
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import TerminationSignal
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from redis_dr.deployments.definitions import DEPLOYMENTS, TAG, DeploymentSpec
from redis_dr.deployments.runner import PatientRunner
from redis_dr.deployments.startup import api_address, await_api, recover_instances
from redis_dr.flows.orchestration.catch_up import cancel_missed_runs
from redis_dr.flows.orchestration.concurrency import ensure_limit
from redis_dr.flows.orchestration.settings import selected, worker_settings
from redis_dr.tasks.configuration import configuration_path
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.schedule import ScheduleSettings

MOST_RUNS = 10  # at the same time; a restore that waits for approval counts as well


def main() -> int:
    """Deploy and serve until a signal comes; returns the exit code."""
    try:
        address = api_address()
        settings = worker_settings()
        instances = selected(settings, None)
        await_api()
    except RedisDrError as error:
        print(f"serve: {error}", file=sys.stderr)
        return error.exit_code
    for instance in instances:
        ensure_limit(instance.name)
    recover_instances(instances)  # the previous serve may have been killed with its runs
    for name in cancel_missed_runs(TAG):
        print(f"serve: {name} missed its time, a later run catches up", flush=True)
    deployments = [
        deployment_of(spec, settings.schedule, _defaults(spec, instances)) for spec in DEPLOYMENTS
    ]
    for line in announcement(address, instances, settings.schedule):
        print(f"serve: {line}", flush=True)
    try:
        _run(deployments)
    finally:
        # Prefect kills the runs and then runs none of their hooks (facts/prefect.md)
        recover_instances(instances)
    return 0


def announcement(
    address: str, instances: Sequence[Instance], schedule: ScheduleSettings
) -> Iterator[str]:
    """What is served: for which instances, where, and each deployment with its time."""
    names = ", ".join(instance.name for instance in instances)
    yield (
        f"{len(DEPLOYMENTS)} deployments for {names} ({configuration_path(None).resolve()}) "
        f"on the Prefect server at {address}"
    )
    for spec in DEPLOYMENTS:
        cron = spec.cron(schedule)
        when = f"{cron} ({schedule.timezone})" if cron else "when a person starts it"
        yield f"{spec.flow}/{spec.name}: {when}"


def _run(deployments: Sequence[RunnerDeployment]) -> None:
    # pausing on shutdown would leave the nightly backup paused after a restart (facts/prefect.md)
    runner = PatientRunner(limit=MOST_RUNS, pause_on_shutdown=False)
    for deployment in deployments:
        runner.add_deployment(deployment)
    with contextlib.suppress(KeyboardInterrupt, TerminationSignal):
        asyncio.run(runner.start())


def _defaults(spec: DeploymentSpec, instances: Sequence[Instance]) -> dict[str, Any]:
    """The form of a restore names the only instance; with several a person chooses."""
    if spec.flow == "restore" and len(instances) == 1:
        return {"instance": instances[0].name, **spec.parameters}
    return spec.parameters


def deployment_of(
    spec: DeploymentSpec, schedule: ScheduleSettings, parameters: dict[str, Any]
) -> RunnerDeployment:
    """What the runner serves under the name of this specification."""
    flow: Any = getattr(importlib.import_module(f"redis_dr.flows.{spec.flow}"), spec.flow)
    cron = spec.cron(schedule)
    deployment: RunnerDeployment = flow.to_deployment(
        name=spec.name,
        schedule=Cron(cron, timezone=schedule.timezone) if cron else None,
        parameters=parameters,
        description=spec.description,
        tags=spec.all_tags,
        # else Prefect asks git about the current folder, four times for each deployment
        version=version("redis-dr"),
        version_type=VersionType.SIMPLE,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return deployment


if __name__ == "__main__":
    sys.exit(main())
