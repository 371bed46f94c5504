"""The report of `check`: one verdict on the estate, and the figures behind it."""

from datetime import datetime

from pydantic import Field

from redis_dr.tasks.model.report import Report


class CheckReport(Report):
    """What `redis-dr check` answers; every finding counts."""

    store: str
    backups: int = 0
    newest_backup_id: str | None = None
    newest_backup_at: datetime | None = None  # UTC
    newest_proven_id: str | None = None
    newest_proven_at: datetime | None = None  # UTC, when that backup was made
    size: int | None = None  # bytes of the newest backup's dump
    stored_size: int | None = None
    keys: dict[int, int] = Field(default_factory=dict)
    rto_seconds: float | None = None  # of the last drill
    rpo_seconds: float | None = None
    set_aside_bytes: int = 0
    swept: tuple[str, ...] = ()  # what dead drills had left
