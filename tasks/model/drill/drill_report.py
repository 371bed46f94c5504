"""The reports of a drill and of a night."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.catalog.store_reports import PruneReport, VerifyReport
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.restore.accounting import DatabaseAccount


class _Noun(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # old proofs are read by later releases


class Control(_Noun):
    """The negative control: a damaged copy through the same steps. Red is what it must be."""

    kind: str  # which damage
    seed: int  # the same seed damages the same way
    red: bool  # the damaged copy was refused, as it must be
    named: bool  # the cause is the damage that was done, not something else
    cause: str  # what the restore said

    @property
    def ok(self) -> bool:
        """A drill whose control passes is itself failed."""
        return self.red and self.named


class DrillLine(_Noun):
    """One earlier drill, for the trend."""

    at: datetime  # UTC
    backup_id: str  # the backup that was drilled
    ok: bool  # the verdict was good
    rto_seconds: float  # from the first byte fetched to proven
    rpo_seconds: float | None = None  # age of the newest moment that was proven restorable
    keys: int  # that were loaded
    size: int  # bytes, of the RDB that was loaded
    timings: dict[str, float] = Field(default_factory=dict)  # seconds per part


class DrillReport(Report):
    """What `redis-dr drill` answers; see CONTRACT.md."""

    backup_id: str  # the backup that was drilled
    proven: bool  # `ok` without the targets: a slow proof is a proof
    rto_seconds: float  # from the first byte fetched to proven; the sum of its parts
    rpo_seconds: float | None  # age of the newest moment that was proven restorable
    newest_moment: datetime | None = None  # UTC, that moment
    content_equal: bool  # the restored content is the content of the backup
    negative_control: Control | None = None  # the damaged copy; null: it was not asked for
    databases: dict[int, DatabaseAccount] = Field(
        default_factory=dict, description="Accounting of the keys, per database."
    )
    examples: tuple[str, ...] = ()  # keys that are not as they should be
    image: str = ""  # that was booted
    image_id: str = ""  # the engine's digest of the image
    server_version: str = ""  # of the server that was booted
    size: int = 0  # bytes of the RDB that was loaded
    placed_sha256: str = ""  # of that RDB: a restore that places the same bytes needs no trial
    swept: tuple[str, ...] = ()  # what dead drills had left
    trend: tuple[DrillLine, ...] = ()  # earlier drills, oldest first
    proof: str = ""  # its name beside the backup; "" when none was written
    signed: bool = False  # a signature lies beside the proof
    html: str = ""  # where the report for people lies in the store
    timings: dict[str, float]  # seconds per part


RTO_PARTS = ("fetch", "inspect", "policy", "stage", "boot", "load", "verify", "warm")


class NightlyReport(Report):
    """What the nightly flow answers. Without a proven backup nothing was removed."""

    backup: BackupReport  # the new backup
    proof: DrillReport | VerifyReport  # what proved it
    prune: PruneReport | None = None  # None: nothing was proven, so nothing was planned
