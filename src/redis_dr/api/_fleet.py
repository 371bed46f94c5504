"""One function for every configured instance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from redis_dr.api._target import settings
from redis_dr.tasks.model.progress import Progress, quiet

if TYPE_CHECKING:
    from redis_dr.api._target import Config
    from redis_dr.flows.runbook.fleet import Work
    from redis_dr.tasks.model.observe.check_report import FleetReport
    from redis_dr.tasks.model.report import Report

    R = TypeVar("R", bound=Report)


def for_all(
    config: Config,
    operation: str,
    work: Work[R],
    progress: Progress = quiet,
) -> FleetReport:
    """Run `work` for each instance, at most `fleet.at_once` at the same time.

    A failure of one does not stop the others: `report.lines` has one verdict for each, and
    `report.reports` what each of them answered. Raises UsageError when none is configured.
    """
    from redis_dr.flows.runbook.fleet import fleet
    from redis_dr.tasks.model.errors import UsageError

    every = settings(config) if config is None or isinstance(config, str | Path) else config
    if not every.instances:
        raise UsageError("no instance is configured", "add one under [instances.NAME]")
    instances = [every.instance(name) for name in sorted(every.instances)]
    return fleet(operation, instances, work, every.fleet.at_once, progress)
