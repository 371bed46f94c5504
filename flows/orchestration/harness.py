"""How every verb runs under Prefect: its turn, the work, its page, its line, who is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import wait
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task

from redis_dr.flows.orchestration.artifacts import publish
from redis_dr.flows.orchestration.catalog_page import publish_catalog
from redis_dr.flows.orchestration.catch_up import caught_up_by
from redis_dr.flows.orchestration.concurrency import turn
from redis_dr.flows.orchestration.crashed_runs import sign
from redis_dr.flows.orchestration.links import see_also
from redis_dr.flows.orchestration.names import artifact_key, page_under
from redis_dr.flows.orchestration.notify import News, tell, this_run
from redis_dr.flows.orchestration.pages.fleet import fleet_line, fleet_page
from redis_dr.flows.orchestration.progress import run_progress
from redis_dr.flows.orchestration.settings import chosen, configured
from redis_dr.flows.runbook.fleet import Work, attempt, one_line, scorecard
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.observe.check_report import FleetLine
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings

R = TypeVar("R", bound=Report)


@dataclass(frozen=True, slots=True)
class FlowSpec(Generic[R]):
    """One verb: its runbook, and how its report reads."""

    verb: str
    work: Work[R]
    line: Callable[[R], str]
    page: Callable[[R], str]
    about: Callable[[R], str] = lambda _report: ""  # the one backup that the report is about
    exclusive: bool = True  # it takes the hands, so it waits for its turn
    changes_store: bool = False  # the catalog's page is made anew
    quiet_when_good: bool = False  # where runs are many, and a good one says nothing new


def present(spec: FlowSpec[R], name: str | None) -> State[Any]:
    """Run it for the named instance, or for all; the state's message is the outcome in one line."""
    if later := caught_up_by():
        return Completed(name="Skipped", message=f"missed its time; caught up once by {later.name}")
    try:
        settings = configured()
        instances = chosen(settings, name)
    except RedisDrError as error:
        return unable(error)
    sign(spec.verb, name or "all")
    if len(instances) > 1:
        return _present_all(spec, instances, settings.fleet.at_once)
    return state_of(present_one(spec, instances[0]))


def present_one(spec: FlowSpec[R], instance: Instance) -> FleetLine:
    """One instance: work, publish, tell. An error of ours becomes its line."""
    progress = run_progress(spec.verb, instance.name)
    line, report = attempt(instance, _in_turn(spec), spec.line, progress)
    if report is not None:
        also = see_also(spec.verb, instance.name, spec.about(report))
        publish(spec.verb, instance.name, spec.page(report) + also, line.line)
    if report is not None and spec.changes_store:
        publish_catalog(instance)
    if not (line.ok and spec.quiet_when_good):
        outcome = "succeeded" if line.ok else "failed"
        tell(News(instance.name, spec.verb, outcome, line.line, **this_run()), instance.notify)
    return line


def state_of(line: FleetLine) -> State[Any]:
    """Completed, or Failed under the name of what went wrong."""
    if line.ok:
        return Completed(message=line.line)
    return Failed(name=line.kind.capitalize() if " " in line.kind else line.kind, message=line.line)


def unable(error: RedisDrError) -> State[Any]:
    """The end of a run that could not even begin."""
    return Failed(name=type(error).__name__, message=one_line(error))


def _in_turn(spec: FlowSpec[R]) -> Work[R]:
    def work(instance: Instance, progress: Progress) -> R:
        if not spec.exclusive:
            return spec.work(instance, progress)
        with turn(instance.name):
            return spec.work(instance, progress)

    return work


def _present_all(spec: FlowSpec[R], instances: Sequence[Instance], at_once: int) -> State[Any]:
    timings, lines = Timings(), list[FleetLine]()

    def one(name: str) -> State[Any]:
        instance = next(one for one in instances if one.name == name)
        line = present_one(spec, instance)
        lines.append(line)
        return state_of(line)

    shown = Task(
        one, task_run_name=f"{spec.verb}-{{name}}", cache_policy=NO_CACHE, persist_result=False
    )
    with ThreadPoolTaskRunner[Any](max_workers=at_once) as workers:
        wait([workers.submit(shown, {"name": instance.name}) for instance in instances])
    report = scorecard(spec.verb, lines, at_once, timings)
    page = fleet_page(report, lambda name: page_under(f"key/{artifact_key(spec.verb, name)}"))
    publish("fleet", spec.verb, page, fleet_line(report))
    if report.ok:
        return Completed(message=fleet_line(report))
    return Failed(name="Bad verdict", message=fleet_line(report))
