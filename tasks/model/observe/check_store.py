"""What `check` sees in the store: ages, proofs, drift, and whether retention keeps its word. Pure.

Every function is told the moment; none reads a clock.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.proof import PROVING
from redis_dr.tasks.model.catalog.retention import plan_retention
from redis_dr.tasks.model.catalog.usual import content_alarm
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.instance import Instance

_UNITS: tuple[tuple[str, str, timedelta], ...] = (
    ("keep_hourly", "hour", timedelta(hours=1)),
    ("keep_daily", "day", timedelta(days=1)),
    ("keep_weekly", "week", timedelta(weeks=1)),
)


def judge_catalog(catalog: Catalog, instance: Instance, now: datetime) -> tuple[Finding, ...]:
    """Everything that the catalog alone can tell."""
    made = [catalog.moment(one) for one in catalog.regular]
    proven = [catalog.moment(one) for one in catalog.proven]
    return (
        _age("the newest backup", made[:1], instance.check.backup_age_hours, now),
        _age("the newest proven backup", proven[:1], instance.check.proven_age_hours, now),
        _readable(catalog),
        _dates(catalog),
        _content(catalog, instance),
        _size(catalog, instance.check.size_change),
        _last_proof(catalog),
        *_signature(catalog, instance),
        _retention(catalog, instance, now),
        *_promises(made, instance, now),
    )


def _age(what: str, newest: Sequence[datetime], limit: float | None, now: datetime) -> Finding:
    hours = (now - newest[0]).total_seconds() / 3600 if newest else None
    return Finding(
        check=f"age of {what}",
        ok=hours is not None and (limit is None or hours <= limit),
        expected="there is one" if limit is None else f"at most {limit:g} h",
        actual="there is none" if hours is None else f"{hours:.1f} h",
    )


def _readable(catalog: Catalog) -> Finding:
    bad = [
        f"{backup_id}: {error.problem}" for backup_id, error in sorted(catalog.unreadable.items())
    ]
    return Finding(
        check="every backup in the store can be read",
        ok=not bad,
        expected="all",
        actual="; ".join(bad[-3:]) or "all",
    )


def _dates(catalog: Catalog) -> Finding:
    wrong = [f"{backup_id}: {why}" for backup_id, why in sorted(catalog.misdated.items())]
    return Finding(
        check="dates of the backups",
        ok=not wrong,
        expected="none in the future",
        actual="; ".join(wrong[-3:]) or "none in the future",
        detail="set the clocks by NTP; such a backup is never the latest and takes no place of "
        "another in retention, which removes it by the time at which the store took it"
        if wrong
        else "",
    )


def _content(catalog: Catalog, instance: Instance) -> Finding:
    reasons = content_alarm(catalog, instance)
    remedy = ""
    if reasons:
        name = catalog.regular[0].backup_id
        remedy = (
            f"look at {name} before the older ones expire: it is not taken for the latest; when "
            f"the fall was meant, `redis-dr accept {name} --reason TEXT`"
        )
    return Finding(
        check="keys of the newest backup",
        ok=not reasons,
        expected=f"no fall by more than {instance.drift.max_fall:.0%}",
        actual="; ".join(reasons) or "as usual",
        detail=remedy,
    )


def _size(catalog: Catalog, change: float) -> Finding:
    sizes = [manifest.rdb.size for manifest in catalog.sound]
    usual = median(sizes[1:8]) if len(sizes) > 1 else None
    newest = sizes[0] if sizes else 0
    ok = usual is None or abs(newest - usual) <= max(usual * change, 1_000_000)
    return Finding(
        check="size of the newest backup",
        ok=ok,
        expected="nothing to compare with yet"
        if usual is None
        else f"{usual:.0f} bytes, give or take {change:.0%}",
        actual=newest,
    )


def _last_proof(catalog: Catalog) -> Finding:
    """Bad while the last fact about any backup is a failure, or a failed one is newer than all
    proven ones. A verification that succeeds changes nothing of either."""
    facts = [
        proof
        for proofs in catalog.proofs.values()
        for proof in proofs
        if proof.proves or not proof.ok
    ]
    last = max(facts, key=lambda proof: proof.moment, default=None)
    failed = [one for one in catalog.regular if catalog.disproven(one.backup_id)]
    newest_proven = catalog.moment(catalog.proven[0]) if catalog.proven else None
    newer = [one for one in failed if newest_proven is None or catalog.moment(one) > newest_proven]
    bad = {one.backup_id for one in newer}
    if last and not last.ok and catalog.disproven(last.backup_id):
        bad.add(last.backup_id)
    words = [
        f"{backup_id}: {catalog.proof_state(backup_id).why}"
        for backup_id in sorted({*bad, *(one.backup_id for one in failed)}, reverse=True)
    ]
    return Finding(
        check="the last proof was good",
        ok=not bad,
        expected="good",
        actual="; ".join(words[:3]) or (f"{last.backup_id}: {last}" if last else "there is none"),
        detail="`redis-dr show ID` lists its proofs; only a drill that succeeds outweighs a failure"
        if bad
        else "",
    )


def _signature(catalog: Catalog, instance: Instance) -> tuple[Finding, ...]:
    """With a public key: whether the newest good drill or restore was signed by it."""
    if not instance.drill.public_key_file:
        return ()
    good = [
        proof
        for proofs in catalog.proofs.values()
        for proof in proofs
        if proof.ok and proof.kind in PROVING
    ]
    newest = max(good, key=lambda proof: proof.moment, default=None)
    return (
        Finding(
            check="the newest proof is signed",
            ok=newest is not None and not newest.doubt,
            expected="by the configured key",
            actual=f"{newest.name}: {newest.doubt or 'signed'}" if newest else "there is no drill",
        ),
    )


def _retention(catalog: Catalog, instance: Instance, now: datetime) -> Finding:
    alarm = content_alarm(catalog, instance)
    frozen = plan_retention(catalog, instance.retention, now, alarm).frozen
    return Finding(
        check="retention can work",
        ok=not frozen,
        expected="nothing holds it up",
        actual="; ".join(frozen) or "nothing",
        detail="until that is settled nothing is removed, and the store grows" if frozen else "",
    )


def _promises(made: Sequence[datetime], instance: Instance, now: datetime) -> list[Finding]:
    """Units that should have a backup and have none: the past cannot be filled any more."""
    findings = []
    for setting, unit, length in _UNITS:
        wanted = getattr(instance.retention, setting)
        if not wanted or len(made) < 3 or _interval(made) > length * 1.5:
            continue  # not made that often, so not promised
        missing = _gaps(made, now, length, wanted)
        findings.append(
            Finding(
                check=f"{setting} can be kept",
                ok=not missing,
                expected=f"a backup for each {unit}",
                actual=f"{missing} of the last {wanted} have none" if missing else "there is",
            )
        )
    return findings


def _interval(newest_first: Sequence[datetime]) -> timedelta:
    gaps = [(one - other).total_seconds() for one, other in pairwise(newest_first)]
    return timedelta(seconds=median(gaps))


def _gaps(made: Sequence[datetime], now: datetime, length: timedelta, wanted: int) -> int:
    """How many whole units between the oldest backup and now, at most `wanted`, are empty."""
    filled = {int(one.timestamp() // length.total_seconds()) for one in made}
    current = int(now.timestamp() // length.total_seconds())
    first = max(min(filled), current - wanted)
    return sum(unit not in filled for unit in range(first, current))
