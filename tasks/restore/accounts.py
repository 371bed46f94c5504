"""The account of a restore, database by database, from the policies and a comparison."""

from collections import Counter
from collections.abc import Mapping

from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.rdb import SplicedDatabase, SpliceResult

_NOTHING = SplicedDatabase()


def database_accounts(
    spliced: SpliceResult, outcomes: Mapping[int, Counter[str]], dbsize: Mapping[int, int]
) -> dict[int, DatabaseAccount]:
    """`outcomes` counts the placed keys that were compared, `dbsize` the keys of the server."""
    return {
        db: _account(
            spliced.databases.get(db, _NOTHING), outcomes.get(db, Counter()), dbsize.get(db, 0)
        )
        for db in sorted({*spliced.databases, *dbsize})
    }


def accounts_of_placed(
    outcomes: Mapping[int, Counter[str]], dbsize: Mapping[int, int]
) -> dict[int, DatabaseAccount]:
    """The same of the placed file alone, where the backup and its policies are not at hand."""
    return {
        db: _account(
            SplicedDatabase(in_backup=outcome.total(), from_backup=outcome.total()),
            outcome,
            dbsize.get(db, 0),
        )
        for db, outcome in sorted(outcomes.items())
    }


def _account(spliced: SplicedDatabase, outcome: Counter[str], dbsize: int) -> DatabaseAccount:
    not_compared = spliced.written - outcome.total()
    return DatabaseAccount(
        in_backup=spliced.in_backup,
        dropped=spliced.dropped,
        placed=spliced.written,
        added=spliced.from_live + spliced.created,
        # a sample speaks for the keys that it left out; the load counters cover all of them
        restored=outcome["equal"] + not_compared,
        expired=outcome["expired"],
        evicted=outcome["evicted"],
        changed=outcome["changed"],
        missing=outcome["missing"],
        differing=outcome["differing"],
        found=dbsize,
    )
