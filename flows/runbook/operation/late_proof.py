"""Prove new data that clients have written to, after the process that restored it died."""

from dataclasses import dataclass, field

from redis_dr.flows.runbook.operation.keep_proof import KeptProof, keep_proof, not_kept
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.model.errors import Fenced, RedisDrError, Refused, UnknownRdb
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.restore.accounting import DatabaseAccount, judge
from redis_dr.tasks.model.restore.journal import Journal, UnfinishedRestore
from redis_dr.tasks.model.restore.restore_report import LateReport
from redis_dr.tasks.model.restore.sighting import judge_still_there
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.restore.accounts import accounts_after, accounts_of_placed
from redis_dr.tasks.restore.compare import compare_keys, load_counters
from redis_dr.tasks.restore.download import fetch_placed, placed_size
from redis_dr.tasks.restore.served import look_at_served
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights
from redis_dr.tasks.workspace import workspace


@dataclass(frozen=True, slots=True)
class LateProof:
    """What the comparison found."""

    findings: tuple[Finding, ...]
    databases: dict[int, DatabaseAccount] = field(default_factory=dict)
    sampled: bool = False


def prove_late(
    helper: Helper, server: ServerConnection, journal: Journal, progress: Progress
) -> LateProof:
    """The comparison of the restore, which accounts for what clients have written since the start.

    A server that was started once more since then has forgotten what clients wrote: then the
    findings are bad. Raises Unreachable, Fenced.
    """
    first = look_at_served(server)
    counters = load_counters(server, journal.keys_placed)
    lacking = ask_rights(server, "compare").lacks("dump", "pexpiretime", "select")
    if lacking:
        return LateProof((counters, _not_compared(_refused(server, lacking))))
    layout = Layout(journal.dir, journal.operation_id)
    try:
        with workspace(placed_size(helper, layout)) as folder:
            placed = fetch_placed(helper, layout, folder / "placed.rdb")
            comparison = compare_keys(server, placed, journal.keys_placed, progress)
    except Fenced:
        raise
    except (ScriptFailed, UnknownRdb, Refused) as error:
        return LateProof((counters, _not_compared(error)))
    planned = journal.accounts or accounts_of_placed(comparison.outcomes)
    accounts = accounts_after(
        planned, comparison.outcomes, comparison.found, sampled=comparison.sampled
    )
    counters = load_counters(server, journal.keys_placed, comparison)
    examples = Finding(
        check="keys that are not as they should be", ok=True, actual=comparison.examples
    )
    findings = [counters, judge_still_there(first, look_at_served(server), comparison.found)]
    for db, account in accounts.items():
        findings.extend(judge(db, account, written_to=comparison.written_to))
    findings.extend([examples] if comparison.examples else [])
    return LateProof(tuple(findings), accounts, sampled=comparison.sampled)


def record_late(instance: Instance, left: UnfinishedRestore, late: LateProof) -> KeptProof:
    """Keep the proof beside the backup, as the restore would have done."""
    journal = left.journal
    report = LateReport(
        **heading("restore", instance.name, Timings(), late.findings),
        backup_id=journal.backup_id,
        source=journal.source,
        databases=late.databases,
        sampled=late.sampled,
        phase=left.phase,
    )
    try:
        manifests = open_catalog(instance).manifests
    except RedisDrError as error:
        return KeptProof(findings=(not_kept(error),))
    for manifest in manifests:
        if manifest.backup_id == journal.backup_id:
            return keep_proof(instance, manifest, report)
    gone = Refused(f"{journal.backup_id} is not in the store any more", "take a backup")
    return KeptProof(findings=(not_kept(gone),))


def _refused(server: ServerConnection, names: tuple[str, ...]) -> Refused:
    words = ", ".join(name.upper() for name in names)
    return Refused(f"{words} refused to user {server.rights.user}", "docs/acl.md has the grants")


def _not_compared(error: RedisDrError) -> Finding:
    return Finding(
        check="the new data was compared with what was placed",
        ok=False,
        actual=error.problem,
        detail=error.remedy,
    )
