"""The report of a night: a backup, its proof, and what retention did because of it."""

from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.catalog.store_reports import PruneReport, VerifyReport
from redis_dr.tasks.model.drill.drill_report import DrillReport
from redis_dr.tasks.model.report import Report


class NightlyReport(Report):
    """What the nightly flow answers. Without a proven backup nothing was removed."""

    backup: BackupReport
    proof: DrillReport | VerifyReport
    prune: PruneReport | None = None  # None: nothing was proven, so nothing was planned
