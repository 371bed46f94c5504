"""The report of an export."""

from redis_dr.tasks.model.report import Report


class ExportReport(Report):
    """What `redis-dr export` answers."""

    backup_id: str
    db: int
    keys: int
    output: str
    size: int  # bytes
    sha256: str
