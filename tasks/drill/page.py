"""The page of a drill: one HTML file that opens offline. Also its short form for Prefect."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, Template, select_autoescape
from markupsafe import Markup

from redis_dr.tasks.drill.plots import Point, line_plot, spark, stacked_bar
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.drill.drill_report import RTO_PARTS, DrillLine, DrillReport
from redis_dr.tasks.model.report import describe, finding_lines
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.units import duration, quantity
from redis_dr.tasks.step import step

_BACKUPS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class PatternRow:
    """The keys of one pattern, now and over the last backups."""

    name: str
    keys: int
    bytes: int
    drawn: Markup


@step
def render_page(
    report: DrillReport, manifest: Manifest, catalog: Catalog, instance: Instance
) -> str:
    """The whole page as HTML text; nothing in it is fetched from anywhere."""
    known = [
        earlier
        for earlier in reversed(catalog.manifests)
        if earlier.created_at <= manifest.created_at
    ]
    timings = [(part, report.timings[part]) for part in RTO_PARTS if report.timings.get(part)]
    return _page().render(
        report=report,
        manifest=manifest,
        age=duration((report.started_at - manifest.created_at).total_seconds()),
        split=stacked_bar(timings, "s") if timings else None,
        rto=_rto_plot((*report.trend, _line(report)), instance.drill.rto_seconds),
        sizes=_size_plot(catalog, known[-_BACKUPS_SHOWN:]),
        patterns=_patterns(known[-_BACKUPS_SHOWN:]),
    )


@functools.cache
def _page() -> Template:
    pages = Environment(
        loader=PackageLoader("redis_dr.tasks", "templates"),
        autoescape=select_autoescape(default_for_string=True, default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["quantity"] = quantity
    pages.filters["describe"] = describe
    return pages.get_template("drill.html.j2")


def summary(report: DrillReport) -> list[str]:
    """The report in lines, for people and for a Prefect artifact (they read as Markdown, too)."""
    verdict = "PROVEN" if report.proven else "NOT PROVEN"
    lines = [f"{verdict}: {report.backup_id} of {report.instance}"]
    for db, database in sorted(report.databases.items()):
        wrong = database.differing + database.missing
        lines.append(
            f"- DB {db}: {database.in_backup:,} in the backup, {database.restored:,} restored, "
            f"{database.expired:,} expired, {database.dropped:,} dropped, {wrong:,} wrong"
        )
    lines += [f"- {line}" for line in finding_lines(report.findings, only_bad=True)]
    if control := report.negative_control:
        lines.append(f"- negative control: {control.kind}: {'red' if control.red else 'NOT RED'}")
    parts = [f"{part} {report.timings[part]:.2f}" for part in RTO_PARTS if part in report.timings]
    if report.rto_seconds:
        lines.append(f"- RTO {report.rto_seconds:.2f} s ({', '.join(parts)})")
    if report.rpo_seconds is not None:
        lines.append(f"- RPO {duration(report.rpo_seconds)}")
    lines += [f"- removed what a dead drill had left: {name}" for name in report.swept]
    signed = "signed" if report.signed else "not signed"
    lines.append(f"- {report.proof} ({signed}), {report.html.rpartition('/')[2]}")
    return lines


def _line(report: DrillReport) -> DrillLine:
    return DrillLine(
        at=report.started_at,
        backup_id=report.backup_id,
        ok=report.proven,
        rto_seconds=report.rto_seconds,
        keys=sum(database.placed for database in report.databases.values()),
        size=report.size,
        timings=report.timings,
    )


def _rto_plot(lines: Sequence[DrillLine], target: float | None) -> Markup:
    points = [
        Point(line.at, line.rto_seconds, good=line.ok, says="proven" if line.ok else "not proven")
        for line in lines
    ]
    return line_plot(points, "s", target)


def _size_plot(catalog: Catalog, manifests: Sequence[Manifest]) -> Markup | None:
    points = [
        Point(
            manifest.created_at,
            manifest.rdb.size,
            good=not catalog.suspicious(manifest),
            says=manifest.backup_id,
        )
        for manifest in manifests
    ]
    return line_plot(points, "B") if points else None


def _patterns(manifests: Sequence[Manifest]) -> list[PatternRow]:
    if not manifests:
        return []
    counts = [
        {(row.db, row.pattern): row.keys for row in manifest.patterns} for manifest in manifests
    ]
    rows = [
        PatternRow(
            name=f"DB {row.db} {row.pattern or '(no pattern)'}",
            keys=row.keys,
            bytes=row.bytes,
            drawn=spark([count.get((row.db, row.pattern), 0) for count in counts]),
        )
        for row in manifests[-1].patterns
    ]
    return sorted(rows, key=lambda row: -row.keys)
