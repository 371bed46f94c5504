"""What a store holds of one instance, as one listing shows it. There is no index to corrupt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import RedisDrError


@dataclass(frozen=True, slots=True)
class Proof:
    """One drill or verification of a backup, as its name tells (store_layout.proof_name)."""

    backup_id: str
    name: str  # relative to the backup's folder, "proofs/..."
    kind: str  # "drill", "verify", "verify-stored", ...
    ok: bool
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Strange:
    """An object that no backup of ours accounts for. Reported, never fatal."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Files of a backup without a manifest: a run that died, or one that still works."""

    backup_id: str
    keys: tuple[str, ...]  # relative to the store
    newest: datetime  # UTC, the store's clock: when its last object was written


@dataclass(frozen=True, slots=True)
class Catalog:
    """The backups of one instance, newest first, and everything else that lies there."""

    instance: str
    address: str  # of the store, for texts
    manifests: tuple[Manifest, ...] = ()
    proofs: Mapping[str, tuple[Proof, ...]] = field(default_factory=dict)  # oldest first
    pinned: frozenset[str] = frozenset()
    in_use: Mapping[str, datetime] = field(default_factory=dict)  # backup id -> until, UTC
    unreadable: Mapping[str, RedisDrError] = field(default_factory=dict)  # backup id -> why
    unfinished: tuple[Unfinished, ...] = ()
    strange: tuple[Strange, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # backup id -> its objects

    def proven_at(self, backup_id: str) -> datetime | None:
        """When the newest whole proof succeeded; None when none did, or a later one failed."""
        verdict = self._verdict(backup_id)
        return verdict.at if verdict and verdict.ok else None

    def disproven(self, backup_id: str) -> bool:
        """Whether a proof failed, and no whole one succeeded since."""
        verdict = self._verdict(backup_id)
        return verdict is not None and not verdict.ok

    def _verdict(self, backup_id: str) -> Proof | None:
        """The newest proof that says something of the whole: a partial success does not."""
        for proof in reversed(self.proofs.get(backup_id, ())):
            if not proof.ok or proof.kind in WHOLE_PROOFS:
                return proof
        return None


WHOLE_PROOFS = frozenset({"drill", "verify"})  # a "verify-stored" did not open the files


@dataclass(frozen=True, slots=True)
class Lease:
    """While it runs, prune leaves the backup alone."""

    backup_id: str
    until: datetime  # UTC

    def to_json(self) -> bytes:
        """The form in the store."""
        fields = {"backup_id": self.backup_id, "until": self.until.isoformat()}
        return json.dumps(fields).encode()


def read_lease(data: bytes) -> Lease | None:
    """The lease, or None for what is none: it names no backup that it could protect."""
    try:
        fields = json.loads(data)
        until = datetime.fromisoformat(fields["until"])
        backup_id = str(fields["backup_id"])
    except (ValueError, TypeError, KeyError):
        return None
    return Lease(backup_id, until) if until.tzinfo else None
