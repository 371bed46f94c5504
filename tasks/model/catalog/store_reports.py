"""What list, show, verify, prune, pin, copy and doctor answer with (CONTRACT.md, Reports)."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.report import Report


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListedBackup(_Line):
    """One backup in `list`."""

    backup_id: str
    created_at: datetime  # UTC
    size: int  # bytes, plain
    stored_size: int
    keys: int
    proven_at: datetime | None
    pinned: bool
    in_use_until: datetime | None = None
    suspicious: tuple[str, ...] = ()
    safety: bool = False  # made by a restore, of what it replaced; never "latest"


class Oddity(_Line):
    """Something in the store that no whole backup accounts for."""

    name: str  # a backup's id, or a key
    reason: str


class ListReport(Report):
    """The catalog, newest first."""

    store: str
    backups: tuple[ListedBackup, ...]
    unreadable: tuple[Oddity, ...]  # damaged, incomplete, or written by a newer release
    unfinished: tuple[Oddity, ...]  # running, or left by a run that died
    strange: tuple[Oddity, ...]


class ListedProof(_Line):
    """One drill or verification in `show`."""

    name: str
    kind: str
    ok: bool
    at: datetime  # UTC


class ShowReport(Report):
    """One backup with all that is known of it."""

    store: str
    manifest: Manifest
    proofs: tuple[ListedProof, ...]
    proven_at: datetime | None
    pinned: bool
    in_use_until: datetime | None


class VerifiedBackup(_Line):
    """One backup in `verify`."""

    backup_id: str
    ok: bool
    files: int
    stored_bytes: int
    seconds: float


class VerifyReport(Report):
    """What was read back; `exit_code` 6 when anything is damaged."""

    store: str
    share: str | None
    stored_only: bool
    backups: tuple[VerifiedBackup, ...]

    @property
    def exit_code(self) -> int:
        """Damage has a code of its own."""
        return 0 if self.ok else Damaged.exit_code


class PlannedBackup(_Line):
    """One backup in `prune`, with every reason."""

    backup_id: str
    reasons: tuple[str, ...]


class PruneReport(Report):
    """The plan, and with `applied` what was done of it."""

    store: str
    applied: bool
    frozen: tuple[str, ...]
    kept: tuple[PlannedBackup, ...]
    removed: tuple[PlannedBackup, ...]
    orphans: tuple[PlannedBackup, ...]
    uploads: tuple[str, ...]  # unfinished multipart uploads or files
    freed_bytes: int


class PinReport(Report):
    """A backup that is kept for ever, or no longer."""

    backup_id: str
    pinned: bool


class CopyReport(Report):
    """Backups carried into other stores."""

    backup_id: str
    store: str
    targets: tuple[str, ...]
    files: int
    stored_bytes: int  # to each target


class Capability(_Line):
    """What a store can be trusted with, by trying; None: it could not be tried."""

    name: str
    has: bool | None
    means: str


class DoctorReport(Report):
    """`findings` must hold for redis-dr to work as configured; `capabilities` are for judging."""

    store: str
    capabilities: tuple[Capability, ...]
    kept_as: str | None  # key of this report in the store


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to write, and where."""

    backup: str  # ID | latest
    db: int
    output: Path
    overwrite: bool = False  # a file that is there already


class ExportReport(Report):
    """What `redis-dr export` answers."""

    backup_id: str
    db: int
    keys: int
    output: str
    size: int  # bytes
    sha256: str
