"""Examine the configured store: what works, what it can be trusted with, what it ignores."""

from redis_dr.tasks.catalog.doctor import (
    keep_report,
    probe_capabilities,
    probe_clock,
    probe_followed,
    probe_verbs,
)
from redis_dr.tasks.model.catalog.store_reports import DoctorReport
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, all_ok
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.opening import open_store


def doctor(instance: Instance, progress: Progress = quiet) -> DoctorReport:
    """Probe, and keep the report in the store. Raises StoreError when it does not answer."""
    timings = Timings()
    store = open_store(instance.store)
    progress(f"examining {store.address}")
    store.stat(f"{instance.name}/doctor/answer")  # is anybody there, and do we know each other?
    findings = probe_verbs(store, instance.store, instance.name)
    if all_ok(findings):
        findings += (probe_clock(store, instance.name),)
        findings += probe_followed(store, instance.store, instance.name)
        capabilities = probe_capabilities(store, instance.name)
    else:
        capabilities = ()
    report = DoctorReport(
        command="doctor",
        instance=instance.name,
        ok=all_ok(findings),
        started_at=timings.started_at,
        seconds=timings.seconds,
        findings=findings,
        store=store.address,
        capabilities=capabilities,
        kept_as=None,
    )
    if not _may_write(findings):
        return report
    body = report.model_dump_json(indent=1).encode()
    return report.model_copy(update={"kept_as": keep_report(store, instance.name, body)})


def _may_write(findings: tuple[Finding, ...]) -> bool:
    return bool(findings) and findings[0].ok
