"""Exact accounting of a restore, database by database: never "about as many keys"."""

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.report import Finding


class DatabaseAccount(BaseModel):
    """Keys. in_backup = restored + expired + dropped + evicted + changed, or the restore is red."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    in_backup: int  # keys of the file that was to be loaded
    dropped: int = 0  # by policy, before the server saw them
    placed: int = 0  # in the file that the server loaded
    added: int = 0  # in that file, but not from the backup: kept from the live server, requeued
    restored: int = 0  # of `placed`, found with the right content
    expired: int = 0  # of `placed`, gone because their time was up
    evicted: int = 0  # of `placed`, gone because of maxmemory
    changed: int = 0  # of `placed`, written by clients since the start
    missing: int = 0  # of `placed`, gone without a reason
    differing: int = 0  # of `placed`, found with other content
    found: int = 0  # DBSIZE


def judge_loaded(loaded: int, placed: int, without_fields: int) -> Finding:
    """The server's own count of its load. Hashes whose fields have all expired may be left out."""
    few = f"{without_fields} hashes whose fields have all expired may be left out"
    return Finding(
        check="server loaded every placed key",
        ok=placed - without_fields <= loaded <= placed,
        expected=placed,
        actual=loaded,
        detail=few if without_fields else "",
    )


def judge(db: int, account: DatabaseAccount, *, written_to: bool) -> tuple[Finding, ...]:
    """Whether the account closes. `written_to`: have clients written since the start?"""
    return (
        Finding(
            check=f"DB {db}: backup = placed + dropped",
            ok=account.in_backup == account.placed - account.added + account.dropped,
            expected=account.in_backup,
            actual=account.placed - account.added + account.dropped,
        ),
        judge_placed(db, account),
        *_empty(db, account, written_to=written_to),
    )


def judge_placed(db: int, account: DatabaseAccount) -> Finding:
    """Whether every placed key is there, or gone or changed for a reason."""
    explained = account.restored + account.expired + account.evicted + account.changed
    return Finding(
        check=f"DB {db}: placed = found + expired + evicted",
        ok=account.placed == explained and not account.missing and not account.differing,
        expected=account.placed,
        actual=explained,
        detail=f"{account.missing} missing, {account.differing} with other content"
        if account.missing or account.differing
        else "",
    )


def _empty(db: int, account: DatabaseAccount, *, written_to: bool) -> tuple[Finding, ...]:
    if account.placed:
        return ()
    return (
        Finding(
            check=f"DB {db} came back empty",
            ok=account.found == 0 or written_to,
            expected=0,
            actual=account.found,
            detail="written by clients since the start" if account.found else "",
        ),
    )
