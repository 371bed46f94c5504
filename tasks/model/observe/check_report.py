"""The reports of `check` and of a run over many instances."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.report import Report


class CheckReport(Report):
    """What `redis-dr check` answers; every finding counts."""

    store: str  # URL of the store
    backups: int = 0  # how many are in the store
    newest_backup_id: str | None = None  # null: there is no backup
    newest_backup_at: datetime | None = None  # UTC
    newest_proven_id: str | None = None  # null: no backup is proven
    newest_proven_at: datetime | None = None  # UTC, when that backup was made
    size: int | None = None  # bytes of the newest backup's dump
    stored_size: int | None = None  # bytes of the newest backup in the store
    keys: dict[int, int] = Field(default_factory=dict)  # keys of the newest backup, per database
    rto_seconds: float | None = None  # of the last drill
    rpo_seconds: float | None = None  # of the last drill
    set_aside_bytes: int = 0  # replaced data on the volume
    swept: tuple[str, ...] = ()  # what dead drills had left


class FleetLine(BaseModel):
    """What became of one instance. A failure of one says nothing about the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: str  # its name
    ok: bool  # the verdict is good
    kind: str  # ok | bad verdict | the error's kind: Refused, Unreachable, ...
    line: str  # one line for people
    exit_code: int  # as the command line would have ended with this instance alone
    seconds: float  # from start to end


class FleetReport(Report):
    """What `redis-dr backup --all` and the fleet's flows answer."""

    at_once: int  # instances worked on at the same time
    lines: tuple[FleetLine, ...]  # one line for each instance

    @property
    def failed(self) -> tuple[FleetLine, ...]:
        """The instances that a person has to look at."""
        return tuple(line for line in self.lines if not line.ok)
