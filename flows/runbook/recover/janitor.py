"""What the janitor does: recover an instance where a killed run left something, else nothing."""

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.restore.journal import RecoverReport
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.restore.unfinished import unfinished_operation


def recover_if_needed(instance: Instance, progress: Progress = quiet) -> RecoverReport:
    """Recover when something was left. Raises Unreachable, and Refused when it is held by then."""
    timings = Timings()
    reason = unfinished_operation(instance)
    if reason:
        progress(f"recovering: {reason}")
        return recover(instance, progress)
    nothing = Finding(check="a dead operation left nothing", ok=True)
    return RecoverReport(
        **heading("recover", instance.name, timings, [nothing]), outcome="nothing to do"
    )
