"""One operation on many instances: a bounded number at once, one failure never stops the others."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.observe.check_report import FleetLine, FleetReport
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, Report, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings

R = TypeVar("R", bound=Report)
Work = Callable[[Instance, Progress], R]


def fleet(
    operation: str,
    instances: Sequence[Instance],
    work: Work[R],
    at_once: int,
    progress: Progress = quiet,
) -> FleetReport:
    """Work on all of them, `at_once` at the same time, and give the scorecard."""
    timings = Timings()

    def attempt_named(instance: Instance) -> tuple[FleetLine, R | None]:
        line, report = attempt(instance, work, _named(instance, progress))
        progress(f"{instance.name}: {line.line}")
        return line, report

    with ThreadPoolExecutor(at_once, thread_name_prefix="fleet") as workers:
        attempts = list(workers.map(attempt_named, instances))
    reports = tuple(report for _, report in attempts if report is not None)
    return scorecard(operation, (line for line, _ in attempts), at_once, timings, reports)


def attempt(instance: Instance, work: Work[R], progress: Progress) -> tuple[FleetLine, R | None]:
    """One instance's line, and its report unless an error of ours came instead."""
    begun = time.monotonic()

    def line_of(kind: str, text: str, exit_code: int) -> FleetLine:
        seconds = round(time.monotonic() - begun, 3)
        return FleetLine(
            instance=instance.name,
            ok=exit_code == 0,
            kind=kind,
            line=text,
            exit_code=exit_code,
            seconds=seconds,
        )

    try:
        report = work(instance, progress)
    except RedisDrError as error:
        return line_of(type(error).__name__, error.in_one_line, error.exit_code), None
    if report.ok:
        return line_of("ok", report.headline, 0), report
    return line_of("bad verdict", report.headline, report.exit_code), report


def scorecard(
    operation: str,
    lines: Iterable[FleetLine],
    at_once: int,
    timings: Timings,
    reports: Sequence[Report] = (),
) -> FleetReport:
    """All lines as one report; every instance is a finding."""
    ordered = tuple(sorted(lines, key=lambda line: (line.ok, line.instance)))
    findings = tuple(
        Finding(check=line.instance, ok=line.ok, actual=line.kind, detail=line.line)
        for line in ordered
    )
    return FleetReport(
        **heading(operation, "all", timings, findings),
        at_once=at_once,
        lines=ordered,
        reports=tuple(reports),
    )


def _named(instance: Instance, progress: Progress) -> Progress:
    def named(text: str, done: float | None = None, /) -> None:
        progress(f"{instance.name}: {text}", done)

    return named
