"""Whether the backups of an instance come from one server, or from several in turn. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.origin import UNKNOWN, Origin, origin_id, origin_text, returns
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.report import Finding

WINDOW: Final = timedelta(days=8)  # one weekly backup of the other host is in it


def mixed_origins(catalog: Catalog) -> str:
    """Why the backups come from several servers that take turns; "" when nothing says so.

    An origin that comes back after another one shows it. So does a run id: a server gets a new one
    at each start, so one that comes back belongs to a server that ran all the time.
    """
    oldest_first = catalog.regular[::-1]
    known = [one for one in oldest_first if one.origin is not None]
    if returns(origin_id(one.origin) for one in known):
        return f"backups of several origins alternate: {_origins(known)}"
    if run_id := returns(one.run_id for one in oldest_first):
        return (
            f"backups of several servers alternate: the run id {run_id[:12]} comes back after "
            "another one"
        )
    return ""


def judge_origins(catalog: Catalog, here: Origin | None, now: datetime) -> tuple[Finding, ...]:
    """For `check`: origins that alternate, and a newest backup that was made elsewhere.

    `here` is None when the engine could not be asked.
    """
    recent = tuple(one for one in catalog.regular if now - catalog.moment(one) <= WINDOW)
    alternating = mixed_origins(catalog.with_manifests(recent))
    findings = [
        Finding(
            check="the backups come from one server",
            ok=not alternating,
            expected="one",
            actual=alternating or "one",
            detail="two hosts back up under one instance name: give each instance a name of its "
            "own, or each host a prefix of its own in store.url"
            if alternating
            else "",
        )
    ]
    newest = next(iter(catalog.regular), None)
    if here is not None and newest is not None:
        findings.append(_newest(newest, here))
    return tuple(findings)


def _newest(newest: Manifest, here: Origin) -> Finding:
    elsewhere = newest.origin is not None and newest.origin.id != here.id
    host = f", by host {newest.origin.host}" if newest.origin and newest.origin.host else ""
    return Finding(
        check="the newest backup was made here",
        ok=not elsewhere,
        expected=str(here),
        actual=f"{origin_text(newest.origin)}{host}",
        detail=f"{newest.backup_id} was made elsewhere: see which host runs the backups; after a "
        "move, make a backup here"
        if elsewhere
        else "",
    )


def own_backups(catalog: Catalog, here: Origin) -> Catalog:
    """The backups that can be of this very server; those of unknown origin are left in."""
    return catalog.of_origins({here.id, UNKNOWN})


def _origins(manifests: Sequence[Manifest]) -> str:
    return ", ".join(dict.fromkeys(origin_text(one.origin) for one in manifests))
