"""The verdict of `check` as Prometheus text, for node_exporter's textfile collector."""

from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest, write_to_textfile
from prometheus_client.parser import text_string_to_metric_families

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.observe.check_report import CheckReport, FleetReport

# `instance` is a label that Prometheus sets itself, so ours is called `redis`
_LABEL = "redis"


def metrics_text(report: CheckReport | FleetReport) -> str:
    """All metrics as text; a report of all instances has each of them."""
    return generate_latest(_registry(report)).decode()


def write_metrics(report: CheckReport | FleetReport, path: Path) -> None:
    """Replace the file whole: a scrape never sees half of it. Raises UsageError.

    A file with metrics of other instances is not replaced: two jobs would take turns in it, and
    each alarm would be silent half of the time.
    """
    if path.suffix != ".prom":
        raise UsageError(
            f"{path} does not end in .prom", "node_exporter reads only files that do: name it so"
        )
    try:
        others = sorted(_instances_in(path) - set(_instances(report)))
        if others:
            raise UsageError(
                f"{path} holds metrics of other instances: {', '.join(others)}",
                "name a file for each instance, or use `redis-dr check --all --metrics FILE`; "
                "remove the file if those are gone",
            )
        write_to_textfile(str(path), _registry(report))
        path.chmod(0o644)  # node_exporter is another user, whatever the umask
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "correct the path or its rights"
        ) from error


def _instances(report: CheckReport | FleetReport) -> tuple[str, ...]:
    if isinstance(report, FleetReport):
        return tuple(line.instance for line in report.lines)
    return (report.instance,)


def _instances_in(path: Path) -> set[str]:
    if not path.exists():
        return set()
    try:
        families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except ValueError:  # not ours, or half of something: it is replaced
        return set()
    labels = (sample.labels for family in families for sample in family.samples)
    return {label[_LABEL] for label in labels if _LABEL in label}


def _registry(report: CheckReport | FleetReport) -> CollectorRegistry:
    metrics = _Metrics(CollectorRegistry())
    if isinstance(report, CheckReport):
        metrics.add(report)
        return metrics.registry
    for line in report.lines:  # a check that raised has no report, and must not look good
        metrics.set("ok", "1 when every check is good", line.ok, line.instance)
    for single in report.reports:
        if isinstance(single, CheckReport):
            metrics.add(single)
    return metrics.registry


@dataclass
class _Metrics:
    """The gauges of one file; each is made once and holds a value for each instance."""

    registry: CollectorRegistry
    gauges: dict[str, Gauge] = field(default_factory=dict)

    def set(self, name: str, about: str, value: float, instance: str, **more: str) -> None:
        """One value of the gauge `name`; `more` are its other labels."""
        if name not in self.gauges:
            self.gauges[name] = Gauge(
                f"redis_dr_{name}", about, [_LABEL, *more], registry=self.registry
            )
        self.gauges[name].labels(instance, *more.values()).set(value)

    def add(self, report: CheckReport) -> None:
        """All figures of one instance."""
        name = report.instance
        for figure, about, value in _figures(report):
            if value is not None:
                self.set(figure, about, value, name)
        for finding in report.findings:
            self.set(
                "finding_ok", "1 when this check is good", finding.ok, name, check=finding.check
            )
        for db, count in report.keys.items():
            self.set("backup_keys", "Keys of the newest backup", count, name, db=str(db))


def _figures(report: CheckReport) -> list[tuple[str, str, float | None]]:
    newest, proven = report.newest_backup_at, report.newest_proven_at
    return [
        ("ok", "1 when every check is good", report.ok),
        ("check_timestamp_seconds", "When the check ran", report.started_at.timestamp()),
        ("check_seconds", "How long the check took", report.seconds),
        ("backups", "Backups in the store", report.backups),
        (
            "newest_backup_timestamp_seconds",
            "When the newest backup was made",
            newest.timestamp() if newest else None,
        ),
        (
            "newest_proven_timestamp_seconds",
            "When the newest proven backup was made",
            proven.timestamp() if proven else None,
        ),
        ("backup_size_bytes", "Dump of the newest backup, plain", report.size),
        ("backup_stored_bytes", "All of the newest backup, in the store", report.stored_size),
        ("drill_rto_seconds", "Recovery time of the last drill", report.rto_seconds),
        ("drill_rpo_seconds", "Age of the newest moment then proven", report.rpo_seconds),
        ("set_aside_bytes", "Replaced data on the volume", report.set_aside_bytes),
    ]
