"""The report of a night: a backup, its proof, and what retention did because of it."""

from tasks.model.backup.backup_report import BackupReport
from tasks.model.catalog.store_reports import PruneReport, VerifyReport
from tasks.model.drill.drill_report import DrillReport
from tasks.model.report import Report


class NightlyReport(Report):
    """What the nightly flow answers. Without a proven backup nothing was removed."""

    backup: BackupReport
    proof: DrillReport | VerifyReport
    prune: PruneReport | None = None  # None: nothing was proven, so nothing was planned
