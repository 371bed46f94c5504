"""After the start: which way the restored keys are compared with what was placed."""

from dataclasses import dataclass, replace

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.restore.live_set import save_to_file
from redis_dr.flows.runbook.restore.prepare import NewData
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.observe.survey import survey
from redis_dr.tasks.restore.compare import (
    Comparison,
    bytes_a_round_trip,
    compare_keys,
    compare_with_listing,
    count_keys,
)
from redis_dr.tasks.restore.compare_saved import (
    LARGEST_DUMP,
    compare_with_save,
    why_by_save,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison, and what is to be said of the way."""

    comparison: Comparison
    findings: tuple[Finding, ...]


def compare_restored(operation: Operation, data: NewData) -> Compared:
    """Compare by DUMP, or by a save where DUMP is refused or would hold up all clients.

    A server that was dead before is asked for its rights only now; where it allows neither, its
    keys are counted, and the report says so.
    """
    server, spliced, inventory = operation.server, data.spliced, data.backup.inventory
    written = {db: account.written for db, account in spliced.databases.items()}
    if inventory is None:
        return _result(compare_with_listing(server, data.placed, written))
    if not server.rights.answers:
        operation = replace(operation, survey=survey(server, "compare"))
    largest = max((one.bytes for one in inventory.largest), default=0)
    most = bytes_a_round_trip(server, LARGEST_DUMP)
    why = why_by_save(server.rights, largest, most)
    if not why:
        return _result(compare_keys(server, data.placed, spliced.written, operation.progress))
    if server.rights.lacks("bgsave", "config|get"):
        why += ", and so is a save: they were counted, not compared"
        return _result(count_keys(server, written), why)
    operation.progress(f"comparing by a save: {why}")
    saved = save_to_file(operation, data.placed.with_name("saved.rdb"))
    return _result(compare_with_save(server, data.placed, saved, spliced.written), why)


def _result(comparison: Comparison, by_save: str = "") -> Compared:
    findings = []
    if by_save:
        check = "restored keys are compared by a save of the server"
        findings.append(Finding(check=check, ok=True, actual=by_save))
    if comparison.longest_seconds:
        check = "longest time that the comparison held up clients"
        actual = f"at most {comparison.longest_seconds:.3f} s"
        findings.append(Finding(check=check, ok=True, actual=actual))
    if comparison.examples:
        check = "keys that are not as they should be"
        findings.append(Finding(check=check, ok=True, actual=comparison.examples))
    return Compared(comparison, tuple(findings))
