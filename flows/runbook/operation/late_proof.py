"""Prove new data that clients have written to, after the process that restored it died."""

from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.model.errors import Fenced, RedisDrError, Refused, UnknownRdb
from redis_dr.tasks.model.progress import Progress
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.accounting import judge_placed
from redis_dr.tasks.model.restore.journal import Journal
from redis_dr.tasks.model.restore.sighting import judge_still_there
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.restore.accounts import accounts_of_placed
from redis_dr.tasks.restore.compare import compare_keys, load_counters
from redis_dr.tasks.restore.download import fetch_placed, placed_size
from redis_dr.tasks.restore.served import look_at_served
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.rights import ask_rights
from redis_dr.tasks.workspace import workspace


def prove_late(
    helper: Helper, server: ServerConnection, journal: Journal, progress: Progress
) -> tuple[Finding, ...]:
    """The comparison of the restore, which accounts for what clients have written since the start.

    A server that was started once more since then has forgotten what clients wrote: then the
    findings are bad. Raises Unreachable, Fenced.
    """
    first = look_at_served(server)
    counters = load_counters(server, journal.keys_placed)
    lacking = ask_rights(server, "compare").lacks("dump", "pexpiretime", "select")
    if lacking:
        return (counters, _not_compared(_refused(server, lacking)))
    layout = Layout(journal.dir, journal.operation_id)
    try:
        with workspace(placed_size(helper, layout)) as folder:
            placed = fetch_placed(helper, layout, folder / "placed.rdb")
            comparison = compare_keys(server, placed, journal.keys_placed, progress)
    except Fenced:
        raise
    except (ScriptFailed, UnknownRdb, Refused) as error:
        return (counters, _not_compared(error))
    accounts = accounts_of_placed(comparison.outcomes, comparison.found)
    examples = Finding(
        check="keys that are not as they should be", ok=True, actual=comparison.examples
    )
    return (
        counters,
        *(judge_placed(db, account) for db, account in accounts.items()),
        judge_still_there(first, look_at_served(server), comparison.found),
        *([examples] if comparison.examples else []),
    )


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
