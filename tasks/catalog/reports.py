"""Keep the report of an operation in the store, as a record of what was done."""

import contextlib

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.opening import open_store


@step
def keep_report(instance: Instance, operation_id: str, report: Report) -> None:
    """Store it under `<instance>/reports/`. What was done stays done when the store is away."""
    key = f"{instance.name}/reports/{operation_id}-{report.command}.json"
    with contextlib.suppress(RedisDrError):
        open_store(instance.store).create(key, report.model_dump_json(indent=1).encode() + b"\n")
