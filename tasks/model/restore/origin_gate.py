"""Whether a backup may be restored here, by where it was made. Pure."""

from redis_dr.tasks.model.backup.origin import (
    UNKNOWN,
    Origin,
    origin_id,
    origin_text,
)
from redis_dr.tasks.model.report import Finding


def judge_origin(backup: Origin | None, here: Origin, consent: str, mixed: str = "") -> Finding:
    """A backup of another container, or of another engine, needs a person who names its origin.

    `consent` is the origin that was named, "" when none was. `mixed` says why the backups are
    known to come from several servers; then one of unknown origin needs consent as well.
    """
    identity = origin_id(backup)
    same = identity == here.id
    unknown = identity == UNKNOWN and not mixed
    named = bool(consent) and identity == consent
    why = mixed if identity == UNKNOWN else "it was made on another host or of another container"
    ok = named or (not consent and (same or unknown))
    host = f", made by host {backup.host}" if backup and backup.host else ""
    return Finding(
        check="origin of the backup",
        ok=ok,
        expected=consent or str(here),
        actual=f"{origin_text(backup)}{host}",
        detail="" if ok else _remedy(identity, consent, why),
    )


def _remedy(identity: str, consent: str, why: str) -> str:
    if consent:
        return f"it is not the origin that was named; this backup wants --origin {identity}"
    return (
        f"{why}: to restore it here, name its origin (--origin {identity}, or {identity} in the "
        "form); `redis-dr list` shows all of them"
    )
