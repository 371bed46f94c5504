"""The account of a restore, database by database, from the policies and a comparison."""

from collections import Counter
from collections.abc import Mapping

from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.rdb import SpliceResult

_NOTHING = DatabaseAccount(in_backup=0)


def planned_accounts(spliced: SpliceResult) -> dict[int, DatabaseAccount]:
    """What the policies make of the backup, before any key was placed."""
    return {
        db: DatabaseAccount(
            in_backup=found.in_backup,
            dropped=found.dropped,
            placed=found.written,
            added=found.from_live + found.created,
        )
        for db, found in sorted(spliced.databases.items())
    }


def database_accounts(
    spliced: SpliceResult,
    outcomes: Mapping[int, Counter[str]],
    dbsize: Mapping[int, int],
    *,
    sampled: bool = False,
) -> dict[int, DatabaseAccount]:
    """`outcomes` counts the placed keys that were compared, `dbsize` the keys of the server."""
    return accounts_after(planned_accounts(spliced), outcomes, dbsize, sampled=sampled)


def accounts_after(
    planned: Mapping[int, DatabaseAccount],
    outcomes: Mapping[int, Counter[str]],
    dbsize: Mapping[int, int],
    *,
    sampled: bool,
) -> dict[int, DatabaseAccount]:
    """The planned accounts, and what a comparison found of them.

    Where every key was compared, those that no outcome speaks of are hashes whose fields have all
    expired (tasks/rdb leaves them out): they are gone for their time, and not restored.
    """
    accounts = {}
    for db in sorted({*planned, *dbsize}):
        account, outcome = planned.get(db, _NOTHING), Counter(outcomes.get(db, Counter()))
        if not sampled:
            outcome["expired"] += account.placed - outcome.total()
        accounts[db] = _after(account, outcome, dbsize.get(db, 0))
    return accounts


def accounts_of_placed(outcomes: Mapping[int, Counter[str]]) -> dict[int, DatabaseAccount]:
    """Planned accounts from the placed file alone: an older release kept none in its journal."""
    return {
        db: DatabaseAccount(in_backup=outcome.total(), placed=outcome.total())
        for db, outcome in sorted(outcomes.items())
    }


def _after(planned: DatabaseAccount, outcome: Counter[str], dbsize: int) -> DatabaseAccount:
    not_compared = planned.placed - outcome.total()
    found = {
        # a sample speaks for the keys that it left out; the load counters cover all of them
        "restored": outcome["equal"] + not_compared,
        "expired": outcome["expired"],
        "evicted": outcome["evicted"],
        "changed": outcome["changed"],
        "missing": outcome["missing"],
        "differing": outcome["differing"],
        "found": dbsize,
    }
    return planned.model_copy(update=found)
