"""The verdict of `check` as Prometheus text, for node_exporter's textfile collector."""

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest, write_to_textfile

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.observe.check_report import CheckReport

# `instance` is a label that Prometheus sets itself, so ours is called `redis`
_LABEL = "redis"


def metrics_text(report: CheckReport) -> str:
    """All metrics as text."""
    return generate_latest(_registry(report)).decode()


def write_metrics(report: CheckReport, path: Path) -> None:
    """Replace the file whole: a scrape never sees half of it. Raises UsageError."""
    if path.suffix != ".prom":
        raise UsageError(
            f"{path} does not end in .prom", "node_exporter reads only files that do: name it so"
        )
    try:
        write_to_textfile(str(path), _registry(report))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "correct the path or its rights"
        ) from error


def _registry(report: CheckReport) -> CollectorRegistry:
    registry = CollectorRegistry()
    for name, about, value in _figures(report):
        if value is not None:
            gauge = Gauge(f"redis_dr_{name}", about, [_LABEL], registry=registry)
            gauge.labels(report.instance).set(value)
    findings = Gauge(
        "redis_dr_finding_ok", "1 when this check is good", [_LABEL, "check"], registry=registry
    )
    for one in report.findings:
        findings.labels(report.instance, one.check).set(one.ok)
    keys = Gauge(
        "redis_dr_backup_keys", "Keys of the newest backup", [_LABEL, "db"], registry=registry
    )
    for db, count in report.keys.items():
        keys.labels(report.instance, str(db)).set(count)
    return registry


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
