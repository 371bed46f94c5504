"""What the janitor does: recover an instance where a killed run left something, else nothing."""

from datetime import UTC, datetime

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.journal import RecoverReport
from redis_dr.tasks.model.say import Say, quiet
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.restore.unfinished import unfinished_operation


def recover_if_needed(instance: Instance, say: Say = quiet) -> RecoverReport:
    """Recover when something was left. Raises Unreachable, and Refused when it is held by then."""
    started = datetime.now(UTC)
    reason = unfinished_operation(instance)
    if reason:
        say(f"recovering: {reason}")
        return recover(instance, say)
    return RecoverReport(
        command="recover",
        instance=instance.name,
        ok=True,
        started_at=started,
        seconds=(datetime.now(UTC) - started).total_seconds(),
        findings=(Finding(check="a dead operation left nothing", ok=True),),
        outcome="nothing to do",
    )
