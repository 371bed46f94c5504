"""Which backup is meant, and which newer ones are passed over for it. Pure but for `random`."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.origin import origin_id, origin_text
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.errors import RedisDrError, UsageError
from redis_dr.tasks.model.report import Finding

LATEST = "latest"
LATEST_PROVEN = "latest-proven"
RANDOM = "random"  # for drills only
_SHOWN = 5  # backup IDs in an error text


@dataclass(frozen=True, slots=True)
class Choice:
    """A backup, by which word it was chosen, and the newer ones that were not taken."""

    which: str
    manifest: Manifest
    skipped: Mapping[str, str] = field(default_factory=dict)  # backup id -> why; newest first

    @property
    def findings(self) -> tuple[Finding, ...]:
        """For a plan or a report: which newer backups are skipped and why; () when none is."""
        if not self.skipped:
            return ()
        return (
            Finding(
                check=f"{self.which} is {self.manifest.backup_id}",
                ok=True,
                actual=f"{len(self.skipped)} newer skipped",
                detail="; ".join(f"{backup_id}: {why}" for backup_id, why in self.skipped.items()),
            ),
        )


def choose(catalog: Catalog, which: str, origin: str = "") -> Manifest:
    """The backup of this ID or unique prefix, `latest`, or `latest-proven`.

    With `origin` a word chooses among the backups of that origin. Raises UsageError when there is
    none, and the reason why a named one cannot be read.
    """
    if origin and which in {LATEST, LATEST_PROVEN}:
        catalog = _of_origin(catalog, origin)
    if which == LATEST:
        return _latest(catalog)
    if which == LATEST_PROVEN:
        return _latest_proven(catalog)
    known = {manifest.backup_id: manifest for manifest in catalog.manifests}
    every = sorted({*known, *catalog.unreadable})
    if not every:
        raise _no_backups(catalog)
    matches = [which] if which in every else [name for name in every if _begins(name, which)]
    if len(matches) > 1:
        shown = ", ".join(matches[:_SHOWN]) + (", ..." if len(matches) > _SHOWN else "")
        raise UsageError(
            f"{which!r} is the beginning of {len(matches)} backups: {shown}", "add more of the ID"
        )
    if not matches:
        raise UsageError(
            f"there is no backup {which!r} of {catalog.instance} in {catalog.address}",
            f"name an ID of `redis-dr list`, the beginning of one, {LATEST} or {LATEST_PROVEN}",
        )
    if matches[0] in catalog.unreadable:
        raise catalog.unreadable[matches[0]]
    return known[matches[0]]


def choose_for_drill(catalog: Catalog, which: str) -> Manifest:
    """As `choose`; `random` is any sound backup."""
    if which != RANDOM:
        return choose(catalog, which)
    if not catalog.sound:
        raise _none_sound(catalog)
    return secrets.choice(catalog.sound)


def _of_origin(catalog: Catalog, origin: str) -> Catalog:
    own = catalog.of_origins({origin})
    if catalog.manifests and not own.manifests:
        known = dict.fromkeys(origin_text(one.origin) for one in catalog.manifests)
        raise UsageError(
            f"no backup of {catalog.instance} in {catalog.address} is of origin {origin!r}",
            f"name one of these: {'; '.join(known)}",
        )
    return own


def choice_of(catalog: Catalog, which: str, chosen: Manifest, origin: str = "") -> Choice:
    """The choice with the newer backups that a word passes over; a named ID passes over none."""
    if which not in {LATEST, LATEST_PROVEN}:
        return Choice(which, chosen)
    others = [
        (catalog.moment(manifest), manifest.backup_id, _why_not(catalog, which, manifest, origin))
        for manifest in catalog.manifests
    ]
    others += [
        (catalog.moment_of_unreadable(backup_id), backup_id, f"it cannot be used: {error.problem}")
        for backup_id, error in catalog.unreadable.items()
    ]
    limit = (catalog.moment(chosen), chosen.backup_id)
    newer = sorted((one for one in others if one[:2] > limit), reverse=True)
    return Choice(which, chosen, {backup_id: why for _, backup_id, why in newer})


def _why_not(catalog: Catalog, which: str, manifest: Manifest, origin: str) -> str:
    if origin and origin_id(manifest.origin) != origin:
        return f"its origin is {origin_text(manifest.origin)}"
    return next(_reasons_against(catalog, which, manifest), "it came after the choice was made")


def _reasons_against(catalog: Catalog, which: str, manifest: Manifest) -> Iterator[str]:
    if reason := catalog.misdated.get(manifest.backup_id):
        yield reason
    if manifest.is_safety:
        yield "it is a safety backup: it holds what a restore replaced"
    if reasons := catalog.suspicious(manifest):
        yield f"suspicious: {', '.join(reasons)}"
    state = catalog.proof_state(manifest.backup_id)
    if which == LATEST_PROVEN and state.word != "proven":
        yield f"{state.word}: {state.why}"


def _latest(catalog: Catalog) -> Manifest:
    if not catalog.manifests:
        raise _no_backups(catalog)
    if not catalog.sound:
        raise _none_sound(catalog)
    return catalog.sound[0]


def _latest_proven(catalog: Catalog) -> Manifest:
    if not catalog.manifests:
        raise _no_backups(catalog)
    if not catalog.proven:
        raise UsageError(
            f"no backup of {catalog.instance} in {catalog.address} is proven",
            f"prove one with `redis-dr drill`, or name another: {LATEST}, or an ID",
        )
    return catalog.proven[0]


def _begins(name: str, beginning: str) -> bool:
    return bool(beginning) and name.startswith(beginning)


def _none_sound(catalog: Catalog) -> RedisDrError:
    if not catalog.manifests:
        return _no_backups(catalog)
    if catalog.misdated and not catalog.regular:
        newest = catalog.manifests[0].backup_id
        return UsageError(
            f"every backup of {catalog.instance} in {catalog.address} has a wrong date, or holds "
            f"what a restore replaced; {newest}: {catalog.misdated.get(newest, 'a safety backup')}",
            f"set the clock of this machine, or name the backup; {newest} was stored last",
        )
    return UsageError(
        f"every backup of {catalog.instance} in {catalog.address} looks suspicious, or holds what "
        "a restore replaced",
        "look at them with `redis-dr show ID`, then name the one to use; `redis-dr accept ID "
        "--reason TEXT` makes a suspicious one usual",
    )


def _no_backups(catalog: Catalog) -> RedisDrError:
    if catalog.unreadable:
        return next(iter(catalog.unreadable.values()))
    return UsageError(
        f"{catalog.instance} has no backups in {catalog.address}",
        "make one with `redis-dr backup`, or correct store.url",
    )
