"""Back up one instance: hold it, capture it, report."""

from datetime import UTC, datetime

from flows.runbook.capture import capture
from flows.runbook.hold import holding
from tasks.model.backup_id import new_backup_id
from tasks.model.backup_report import BackupReport, report_of
from tasks.model.say import Say, quiet
from tasks.model.settings.instance import Instance
from tasks.surveying import require_answer, survey


def backup(instance: Instance, say: Say = quiet) -> BackupReport:
    """Save, store, read back, commit. Without the manifest at the end there is no backup.

    Raises Unreachable, Refused, SaveFailed, StoreError, Damaged; then nothing is listed.
    """
    require_answer(survey(instance), instance)
    with holding(instance, "backup", new_backup_id(datetime.now(UTC)), say) as held:
        captured = capture(held)
    return report_of(captured, held.timings, instance.store.url)
