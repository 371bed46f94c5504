"""The reports of a drill and of a night."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.backup.backup_report import BackupReport
from redis_dr.tasks.model.catalog.store_reports import PruneReport, VerifyReport
from redis_dr.tasks.model.report import Report, first_bad
from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.model.units import duration


class _Noun(BaseModel):
    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore"
    )  # old proofs are read by later releases


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

    @property
    def headline(self) -> str:
        """The verdict, the time to recover, and the age of the data."""
        age = "unknown age" if self.rpo_seconds is None else f"{duration(self.rpo_seconds)} old"
        bad = next((finding.check for finding in self.findings if not finding.ok), "")
        verdict = "proven" if self.proven else f"NOT PROVEN, {first_bad(self.findings, 'no check')}"
        if self.proven and bad:  # a missed time target does not make the backup bad
            verdict += f", {bad} missed"
        return f"{self.backup_id} {verdict}; back in {self.rto_seconds:.1f} s, data {age}"


RTO_PARTS = ("fetch", "inspect", "policy", "stage", "boot", "load", "verify", "warm")


class NightlyReport(Report):
    """What the nightly flow answers. Without a proven backup nothing was removed."""

    backup: BackupReport  # the new backup
    proof: DrillReport | VerifyReport  # what proved it
    prune: PruneReport | None = None  # None: nothing was proven, so nothing was planned

    @property
    def headline(self) -> str:
        """The three parts of the night."""
        return f"{self.backup.headline}; {self.proof.headline}; {self.retention}"

    @property
    def retention(self) -> str:
        """What the retention did, in one line."""
        return self.prune.headline if self.prune else "nothing removed: the new backup failed"
