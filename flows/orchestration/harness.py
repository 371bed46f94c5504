"""How every verb runs under Prefect: concurrency slot, work, page, state, notification."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import wait
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task

from redis_dr.flows.orchestration.artifacts import publish, publish_catalog, see_also
from redis_dr.flows.orchestration.catch_up import newer_due_run
from redis_dr.flows.orchestration.concurrency import COURTESY_SECONDS, instance_slot
from redis_dr.flows.orchestration.crashed_runs import record_process
from redis_dr.flows.orchestration.names import artifact_key, page_under
from redis_dr.flows.orchestration.notify import notify, this_run
from redis_dr.flows.orchestration.pages.observe import fleet_page
from redis_dr.flows.orchestration.progress import run_progress
from redis_dr.flows.orchestration.settings import selected, worker_settings
from redis_dr.flows.runbook.fleet import Work, attempt, scorecard
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.observe.check_report import FleetLine
from redis_dr.tasks.model.observe.notification import Notification
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings

R = TypeVar("R", bound=Report)


@dataclass(frozen=True, slots=True)
class FlowSpec(Generic[R]):
    """One verb: its runbook, and how its report is shown."""

    verb: str
    work: Work[R]
    page: Callable[[R], str]
    backup_id: Callable[[R], str] = lambda _report: ""  # the backup that the report is about
    exclusive: bool = True  # it takes the instance's lock, so it waits for other runs
    patience: float = COURTESY_SECONDS  # for a turn while nobody holds the instance
    changes_store: bool = False  # the catalog page is published again
    notify_success: bool = True  # False for verbs that run every few minutes


def run_verb(spec: FlowSpec[R], name: str | None) -> State[Any]:
    """Run the verb for the named instance, or for all; the state's message is one line."""
    if newer := newer_due_run():
        message = f"missed its time; caught up once by {newer.name}"
        return Completed(name="Skipped", message=message)
    try:
        settings = worker_settings()
        instances = selected(settings, name)
    except RedisDrError as error:
        return failed_at_start(error)
    record_process(spec.verb, name or "all")
    if len(instances) > 1:
        return _run_for_all(spec, instances, settings.fleet.at_once)
    return state_of(run_for_one(spec, instances[0]))


def run_for_one(spec: FlowSpec[R], instance: Instance) -> FleetLine:
    """Work on one instance, publish the page, notify. An error of ours becomes the line."""
    progress = run_progress(spec.verb, instance.name)
    line, report = attempt(instance, _in_slot(spec), progress)
    if report is not None:
        links = see_also(spec.verb, instance.name, spec.backup_id(report))
        publish(spec.verb, instance.name, spec.page(report) + links, line.line)
    if report is not None and spec.changes_store:
        publish_catalog(instance)
    if not line.ok or spec.notify_success:
        outcome = "succeeded" if line.ok else "failed"
        notification = Notification(instance.name, spec.verb, outcome, line.line, **this_run())
        notify(notification, instance.notify)
    return line


def state_of(line: FleetLine) -> State[Any]:
    """Completed, or Failed with the kind of error as its name."""
    if line.ok:
        return Completed(message=line.line)
    return Failed(name=line.kind.capitalize() if " " in line.kind else line.kind, message=line.line)


def failed_at_start(error: RedisDrError) -> State[Any]:
    """The state of a run that could not start, such as without a configuration."""
    return Failed(name=type(error).__name__, message=error.in_one_line)


def _in_slot(spec: FlowSpec[R]) -> Work[R]:
    def work(instance: Instance, progress: Progress) -> R:
        if not spec.exclusive:
            return spec.work(instance, progress)
        with instance_slot(instance, spec.patience):
            return spec.work(instance, progress)

    return work


def _run_for_all(spec: FlowSpec[R], instances: Sequence[Instance], at_once: int) -> State[Any]:
    timings, lines = Timings(), list[FleetLine]()
    by_name = {instance.name: instance for instance in instances}

    def run_one(name: str) -> State[Any]:
        line = run_for_one(spec, by_name[name])
        lines.append(line)
        return state_of(line)

    task = Task(
        run_one, task_run_name=f"{spec.verb}-{{name}}", cache_policy=NO_CACHE, persist_result=False
    )
    with ThreadPoolTaskRunner[Any](max_workers=at_once) as workers:
        wait([workers.submit(task, {"name": name}) for name in by_name])
    report = scorecard(spec.verb, lines, at_once, timings)
    page = fleet_page(report, lambda name: page_under(f"key/{artifact_key(spec.verb, name)}"))
    publish("fleet", spec.verb, page, report.headline)
    if report.ok:
        return Completed(message=report.headline)
    return Failed(name="Bad verdict", message=report.headline)
