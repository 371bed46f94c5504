"""Test the configured store: permissions, guarantees, and settings that it ignores."""

from datetime import timedelta

from redis_dr.tasks.catalog.doctor import (
    keep_report,
    probe_capabilities,
    probe_clock,
    probe_followed,
    probe_verbs,
    report_key,
    sweep_probes,
)
from redis_dr.tasks.catalog.recipients import probe_recipients
from redis_dr.tasks.http.prefect_login import prefect_findings
from redis_dr.tasks.model.catalog.store_reports import DoctorReport
from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import all_ok, heading
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.storage.opening import open_store

_DEAD = timedelta(hours=1)  # no doctor runs longer: older probes have no owner


def doctor(instance: Instance, progress: Progress = quiet) -> DoctorReport:
    """Probe, and keep the report in the store. Raises StoreError when it does not answer."""
    timings = Timings()
    store = open_store(instance.store)
    progress(f"examining {store.address}")
    store.stat(f"{instance.name}/doctor/answer")  # raises for a wrong address or credentials
    sweep_probes(store, instance.name, timings.started_at - _DEAD)
    findings = probe_verbs(store, instance.store, instance.name)
    if all_ok(findings):
        findings += (probe_clock(store, instance.name),)
        findings += probe_followed(store, instance.store, instance.name)
        capabilities = probe_capabilities(store, instance.name)
    else:
        capabilities = ()
    may_write = findings[0].ok
    findings += probe_recipients(instance.store)
    findings += prefect_findings(instance.check.prefect_api_url)
    report = DoctorReport(
        **heading("doctor", instance.name, timings, findings),
        store=store.address,
        capabilities=capabilities,
        kept_as=report_key(instance.name, timings.started_at) if may_write else None,
    )
    if report.kept_as is not None:
        try:
            keep_report(store, report.kept_as, report)
        except StoreError as error:  # what was found out is worth more than its record
            progress(f"the report is not in the store: {error.problem}")
            return report.model_copy(update={"kept_as": None})
    return report
