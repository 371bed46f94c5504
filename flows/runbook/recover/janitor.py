"""What the janitor does: recover an instance where a killed run left something, else nothing."""

from redis_dr.flows.runbook.recover.recover import recover
from redis_dr.tasks.model.progress import Progress, quiet
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.restore.journal import RecoverReport
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.restore.journal import OthersJournal
from redis_dr.tasks.restore.unfinished import look_for_remains


def recover_if_needed(instance: Instance, progress: Progress = quiet) -> RecoverReport:
    """Recover when something was left. Raises Unreachable, and Refused when it is held by then."""
    timings = Timings()
    remains = look_for_remains(instance)
    of_others = remains.of_others
    if remains.reason:
        progress(f"recovering: {remains.reason}")
        try:
            return recover(instance, progress)
        except OthersJournal as error:  # what was this instance's own is released by now
            of_others = (f"{error.problem}; {error.remedy}",)
    findings = [Finding(check="a dead operation left nothing of this instance", ok=True)]
    findings += [
        Finding(check="an operation of another instance that did not end", ok=True, actual=text)
        for text in of_others
    ]
    return RecoverReport(
        **heading("recover", instance.name, timings, findings), outcome="nothing to do"
    )
