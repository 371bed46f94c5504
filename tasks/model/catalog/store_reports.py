"""What list, show, verify, prune, pin, copy and doctor answer with (CONTRACT.md, Reports)."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.report import Report, first_bad
from redis_dr.tasks.model.units import size


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class ListedBackup(_Line):
    """One backup in `list`."""

    backup_id: str  # its name in the store
    created_at: datetime  # UTC
    size: int  # bytes, plain
    stored_size: int  # bytes in the store, all files
    keys: int  # of all databases
    proof: str = "unproven"  # proven | disproven | unproven
    proof_reason: str = ""  # the fact that decided
    proven_at: datetime | None  # UTC, by a drill or a restore; null: not proven
    failed_at: datetime | None = None  # UTC, when damage was seen that no later proof outweighs
    verified_at: datetime | None = None  # UTC, when every file was last read back
    pinned: bool  # it is kept for ever
    in_use_until: datetime | None = None  # UTC, end of a reader's lease; null: nobody reads it
    suspicious: tuple[str, ...] = ()  # why the content looks wrong; empty: as usual
    accepted: str = ""  # why a person accepted it, and who
    safety: bool = False  # made by a restore, of what it replaced; never "latest"
    origin: str = "unknown"  # ID of where it was made, as --origin takes it
    origin_text: str = "unknown"  # the same for people: container and engine
    misdated: str = ""  # why its date cannot be true; empty: it can


class Oddity(_Line):
    """Something in the store that no whole backup accounts for."""

    name: str  # a backup's id, or a key
    reason: str  # what is wrong with it


class ListReport(Report):
    """The catalog, newest first."""

    store: str  # URL of the store
    backups: tuple[ListedBackup, ...]  # newest first
    unreadable: tuple[Oddity, ...]  # damaged, incomplete, or written by a newer release
    unfinished: tuple[Oddity, ...]  # running, or left by a run that died
    strange: tuple[Oddity, ...]  # what no backup accounts for


class ListedProof(_Line):
    """One drill, restore or verification in `show`."""

    name: str  # its file beside the backup
    kind: str  # drill, verify, verify-stored, ...
    ok: bool  # the verdict was good
    at: datetime  # UTC
    doubt: str = ""  # why a good one does not count: its signature, or what it speaks of


class ShowReport(Report):
    """One backup with all that is known of it."""

    store: str  # URL of the store
    manifest: Manifest  # as it is stored
    proofs: tuple[ListedProof, ...]  # drills, restores and verifications
    proof: str = "unproven"  # proven | disproven | unproven
    proof_reason: str = ""  # the fact that decided
    proven_at: datetime | None  # UTC, by a drill or a restore; null: not proven
    verified_at: datetime | None = None  # UTC, when every file was last read back
    suspicious: tuple[str, ...] = ()  # as it is judged today; the manifest keeps the first verdict
    accepted: str = ""  # why a person accepted it, and who
    pinned: bool  # it is kept for ever
    in_use_until: datetime | None  # UTC, end of a reader's lease; null: nobody reads it


class VerifiedBackup(_Line):
    """One backup in `verify`."""

    backup_id: str  # its name in the store
    ok: bool  # every file is what was stored
    opened: bool = True  # false: no identity opens it, so nothing is known of it
    files: int  # that were read
    stored_bytes: int  # that were read
    seconds: float  # that it took


class VerifyReport(Report):
    """What was read back; `exit_code` 6 when anything is damaged, 1 when it could not be opened."""

    store: str  # URL of the store
    share: str | None  # N/M, the part of all backups that was read; null: one was named
    stored_only: bool  # only the stored bytes were hashed, nothing was decrypted
    damaged: bool = False  # something is not what was written
    backups: tuple[VerifiedBackup, ...]  # one line for each backup that was read

    @property
    def exit_code(self) -> int:
        """Damage has a code of its own."""
        if self.ok:
            return 0
        return Damaged.exit_code if self.damaged else 1

    @property
    def headline(self) -> str:
        """How many are sound, or which are damaged."""
        share = f" (share {self.share})" if self.share else ""
        if not self.ok:
            damaged = ", ".join(backup.backup_id for backup in self.backups if not backup.ok)
            return f"DAMAGED{share}: {damaged or first_bad(self.findings, 'nothing was read')}"
        if not self.backups:
            return f"nothing was read: no backup falls into share {self.share}"
        stored = sum(backup.stored_bytes for backup in self.backups)
        return f"{len(self.backups)} backups read back and whole{share}, {size(stored)}"


class PlannedBackup(_Line):
    """One backup in `prune`, with every reason."""

    backup_id: str  # its name in the store
    reasons: tuple[str, ...]  # why it stays or goes


class PruneReport(Report):
    """The plan, and with `applied` what was done of it."""

    store: str  # URL of the store
    applied: bool  # true: it was done; false: this is a plan
    frozen: tuple[str, ...]  # drift that stops the removal of backups; empty: none
    forbidden: str = ""  # why the store lets nothing, or not everything, be removed
    kept: tuple[PlannedBackup, ...]  # backups that stay
    removed: tuple[PlannedBackup, ...]  # backups that go
    orphans: tuple[PlannedBackup, ...]  # backups without a manifest that go
    uploads: tuple[str, ...]  # unfinished multipart uploads or files
    freed_bytes: int  # in the store

    @property
    def headline(self) -> str:
        """How many stay and go, or why none goes."""
        if self.frozen:
            return f"nothing was removed: {self.frozen[0]}"
        removal = "removed" if self.applied else "to remove"
        kept, removed = len(self.kept), len(self.removed)
        return f"{kept} kept, {removed} {removal}, {size(self.freed_bytes)} freed"


class PinReport(Report):
    """A backup that is kept for ever, or no longer."""

    backup_id: str  # the backup
    pinned: bool  # it is kept for ever


class AcceptReport(Report):
    """A backup whose content a person declared to be meant."""

    backup_id: str  # the backup that counts as usual
    overruled: tuple[str, ...]  # why it was suspicious
    reason: str  # the first that was given
    by: str  # user@host
    still_suspicious: tuple[str, ...] = ()  # backups that stay suspicious


class CopyReport(Report):
    """Backups carried into other stores."""

    backup_id: str  # the backup that was copied
    store: str  # URL of the store that it came from
    targets: tuple[str, ...]  # URLs of the stores that it went to
    files: int  # how many files were copied
    stored_bytes: int  # to each target


class Capability(_Line):
    """What a store can be trusted with, by trying; None: it could not be tried."""

    name: str  # what was tried
    has: bool | None  # null: it could not be tried
    means: str  # what that means for redis-dr


class DoctorReport(Report):
    """`findings` must hold for redis-dr to work as configured; `capabilities` are for judging."""

    store: str  # URL of the store
    capabilities: tuple[Capability, ...]  # what the store can do
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

    backup_id: str  # the backup that was read
    db: int  # number of the database
    keys: int  # in the written file
    output: str  # path of the written file
    size: int  # bytes
    sha256: str  # of the written file, hex
