"""Checks, figures and configuration as functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from redis_dr.api._fleet import for_all
from redis_dr.api._target import ALL_KEYS, chosen_instance
from redis_dr.tasks.model.progress import Progress, quiet

if TYPE_CHECKING:
    from redis_dr.api._target import Config, Target
    from redis_dr.flows.runbook.observe.init import Wish as InitOptions
    from redis_dr.tasks.model.observe.check_report import CheckReport, FleetReport
    from redis_dr.tasks.model.observe.discovery import InitReport
    from redis_dr.tasks.model.observe.health import HealthReport
    from redis_dr.tasks.model.observe.monitor import MonitorReport
    from redis_dr.tasks.model.observe.top import TopReport
    from redis_dr.tasks.model.server.server_config import ConfigReport


def check(target: Target = None) -> CheckReport:
    """One verdict for monitoring. What does not answer is a finding, not an error."""
    from redis_dr.flows.runbook.observe.check import check as run

    return run(chosen_instance(target))


def check_all(config: Config = None, progress: Progress = quiet) -> FleetReport:
    """`check` of every configured instance; `report.reports` has the report of each."""
    from redis_dr.flows.runbook.observe.check import check as run

    return for_all(config, "check", lambda instance, _progress: run(instance), progress)


def write_metrics(report: CheckReport | FleetReport, path: Path) -> None:
    """Write the report of `check` as Prometheus text to `path`. Raises UsageError."""
    from redis_dr.tasks.observe.metrics import write_metrics as run

    run(report, path)


def health(target: Target = None) -> HealthReport:
    """Ping, memory, keyspace, replication, persistence and drift, judged by [health]."""
    from redis_dr.flows.runbook.observe.health import health as run

    return run(chosen_instance(target))


def health_all(config: Config = None, progress: Progress = quiet) -> FleetReport:
    """`health` of every configured instance."""
    from redis_dr.flows.runbook.observe.health import health as run

    return for_all(config, "health", lambda instance, _progress: run(instance), progress)


def top(target: Target = None, db: int = 0, sample: int = 20_000, count: int = 10) -> TopReport:
    """The biggest keys of `sample` sampled ones (0: all), the slow log and the clients."""
    from redis_dr.flows.runbook.observe.top import top as run

    return run(chosen_instance(target), db, sample if sample > 0 else ALL_KEYS, max(1, count))


def monitor(target: Target = None, seconds: float = 5.0, limit: int = 100_000) -> MonitorReport:
    """Summarize the commands of `seconds` (at most 60); `limit` commands end it early."""
    from redis_dr.flows.runbook.observe.monitor import monitor as run

    return run(chosen_instance(target), seconds, max(1, limit))


def render_config(
    target: Target = None, image: str | None = None, port: int | None = None
) -> ConfigReport:
    """redis.conf and a Compose service from `[server]`: `report.redis_conf`, `report.compose`.

    `image` and `port` are those of the container unless given.
    """
    from redis_dr.flows.runbook.observe.config import render

    return render(chosen_instance(target), image, port)


def check_config(target: Target = None) -> ConfigReport:
    """Each setting as wanted, as running, and as after a restart; a difference is a finding."""
    from redis_dr.flows.runbook.observe.config import check as run

    return run(chosen_instance(target))


def init(options: InitOptions) -> InitReport:
    """Write a first redis-dr.toml from a running container: `report.path`, `report.text`."""
    from redis_dr.flows.runbook.observe.init import init as run

    return run(options)
