"""When a backup was made, where the clocks of several machines had a word in it. Pure.

The server dates a backup, the worker names it, the store notes when it took it. Only the store is
one clock for all hosts, so what it noted is the limit of every date.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from redis_dr.tasks.model.backup.manifest import Manifest

TOLERANCE: Final = timedelta(minutes=5)  # clocks by NTP differ by less than a second


_NO_TIME = datetime(2010, 1, 1, tzinfo=UTC)  # some mounted shares show 1970 for every file


def store_time(modified: datetime) -> datetime | None:
    """The store's time of an object; None where the store has no times."""
    return modified if modified > _NO_TIME else None


def moment_of(made_at: datetime, stored_at: datetime | None) -> datetime:
    """When it was made: never later than the store took it. A copy is stored later, not earlier."""
    return min(made_at, stored_at) if stored_at else made_at


def dates_that_cannot_be(
    manifests: Iterable[Manifest], stored_at: Mapping[str, datetime], now: datetime
) -> dict[str, str]:
    """Backup id -> why its date is wrong: later than the store took it, or than now.

    `now` is the store's clock where it has one, else this machine's.
    """
    wrong = {}
    for manifest in manifests:
        stored = stored_at.get(manifest.backup_id)
        if stored and manifest.created_at > stored + TOLERANCE:
            wrong[manifest.backup_id] = (
                f"it is dated {_minute(manifest.created_at)}, and the store took it on "
                f"{_minute(stored)}"
            )
        elif manifest.created_at > now + TOLERANCE:
            wrong[manifest.backup_id] = (
                f"it is dated {_minute(manifest.created_at)}, in the future: now is {_minute(now)}"
            )
    return wrong


def time_in_name(backup_id: str) -> datetime:
    """The moment that the worker's clock gave to the name; the least of all evidence."""
    try:
        return datetime.strptime(backup_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
