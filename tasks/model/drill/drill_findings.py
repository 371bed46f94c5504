"""What a drill has to see before it calls a backup proven. Pure."""

from collections.abc import Mapping
from datetime import datetime

from redis_dr.tasks.model.backup.inventory import Inventory
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.cache.warm_report import Outcome
from redis_dr.tasks.model.drill.compared import ContentComparison, digest_in
from redis_dr.tasks.model.drill.drill_report import Control
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.accounting import DatabaseAccount, judge
from redis_dr.tasks.model.settings.drill import DrillSettings
from redis_dr.tasks.model.settings.retention import DriftSettings

WARM_UP_CHECK = "warm-up rehearsed"


def judge_functions(manifest: Manifest, inventory: Inventory) -> Finding:
    """The functions of the file against those of the manifest."""
    known = manifest.inventory.functions_digest if manifest.inventory else None
    return Finding(
        check="the functions are what the manifest says",
        ok=manifest.inventory is not None and known == inventory.functions_digest,
        expected=known,
        actual=inventory.functions_digest,
        detail="" if manifest.inventory else "the manifest has no inventory",
    )


def judge_content(
    accounts: Mapping[int, DatabaseAccount], compared: ContentComparison, loaded: int
) -> tuple[Finding, ...]:
    """Counted by the server, accounted for key by key, and digested."""
    placed = sum(account.placed for account in accounts.values())
    told = "digests of the records' own bytes" if compared.by_bytes else "digests of the content"
    findings = [
        Finding(
            check="the server loaded every placed key",
            ok=loaded == placed,
            expected=placed,
            actual=loaded,
            detail="" if loaded or not placed else "it started empty: it read other files",
        )
    ]
    for db, account in sorted(accounts.items()):
        findings.extend(judge(db, account, written_to=False))
        expected, actual = (digest_in(one, db) for one in (compared.placed, compared.saved))
        findings.append(
            Finding(
                check=f"DB {db} holds the content that was placed",
                ok=expected == actual,
                expected=expected,
                actual=actual,
                detail="; ".join(one for one in compared.examples if f"DB {db} " in one) or told,
            )
        )
    findings.append(
        Finding(
            check="the functions were restored",
            ok=compared.placed.functions_digest == compared.saved.functions_digest,
            expected=compared.placed.functions,
            actual=compared.saved.functions,
        )
    )
    return tuple(findings)


def judge_replay(living: int, replayed: Inventory, rules: DriftSettings) -> Finding:
    """The append-only files against the dump, made seconds before: no half of it can be missing.

    `living`: keys of the dump that had not expired when the replay was over. The files go on after
    the dump, so they need not be equal.
    """
    least = living * (1 - rules.max_fall) if living >= rules.at_least else min(living, 1)
    return Finding(
        check="the append-only files bring the data back, too",
        ok=replayed.keys >= least,
        expected=f"about the {living} keys of the dump",
        actual=replayed.keys,
        detail="" if replayed.keys >= least else "restore it with --from rdb only",
    )


def judge_warm_up(queries: int, outcome: Outcome) -> Finding:
    """Every query must have been answered by the stand-in."""
    return Finding(
        check=WARM_UP_CHECK,
        ok=outcome.answered == queries,
        expected=f"{queries} queries answered by a stand-in",
        actual=outcome.answered,
        detail="; ".join(outcome.failures),
    )


def judge_control(control: Control) -> Finding:
    """The damaged copy must have gone red, and for the damage that was done."""
    return Finding(
        check="the negative control went red",
        ok=control.ok,
        expected=f"red, naming: {control.kind}",
        actual=control.cause if control.red else "it was called proven",
        detail="" if control.ok else f"see it again with --seed {control.seed}",
    )


def judge_targets(
    rto_seconds: float, rpo_seconds: float | None, settings: DrillSettings
) -> tuple[Finding, ...]:
    """Missed targets are findings; without a target there is nothing to judge."""
    findings = []
    for name, measured, target in (
        ("RTO", rto_seconds, settings.rto_seconds),
        ("RPO", rpo_seconds, settings.rpo_seconds),
    ):
        if target is not None:
            findings.append(
                Finding(
                    check=f"{name} target",
                    ok=measured is not None and measured <= target,
                    expected=f"at most {target:g} s",
                    actual=measured,
                )
            )
    return tuple(findings)


def rpo_of(newest_moment: datetime | None, now: datetime) -> float | None:
    """Seconds of writes that a disaster at `now` would cost; None when nothing was proven."""
    if newest_moment is None:
        return None
    return round(max(0.0, (now - newest_moment).total_seconds()), 3)
