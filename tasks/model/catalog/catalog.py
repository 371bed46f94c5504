"""What a store holds of one instance, as one listing shows it. There is no index to corrupt."""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.origin import origin_id
from redis_dr.tasks.model.backup.store_layout import is_backup_id
from redis_dr.tasks.model.catalog.accepted import Acceptance
from redis_dr.tasks.model.catalog.dates import moment_of, time_in_name
from redis_dr.tasks.model.catalog.proof import Proof, ProofState, proof_state
from redis_dr.tasks.model.document import NOTE_BOUNDS, parse_document, parse_moment
from redis_dr.tasks.model.errors import Damaged, RedisDrError


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
    accepted: Mapping[str, Acceptance] = field(default_factory=dict)  # by backup id
    # backup id -> why its content looks wrong, where the history judges it other than its manifest
    rejudged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stored_at: Mapping[str, datetime] = field(default_factory=dict)  # by the store's clock, UTC
    misdated: Mapping[str, str] = field(default_factory=dict)  # backup id -> why its date is wrong
    pinned: frozenset[str] = frozenset()
    in_use: Mapping[str, datetime] = field(default_factory=dict)  # backup id -> until, UTC
    unreadable: Mapping[str, RedisDrError] = field(default_factory=dict)  # backup id -> why
    unfinished: tuple[Unfinished, ...] = ()
    strange: tuple[Strange, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # backup id -> its objects

    def proof_state(self, backup_id: str) -> ProofState:
        """Proven, disproven or unproven, with the fact that decided."""
        return proof_state(self.proofs.get(backup_id, ()))

    def proven_at(self, backup_id: str) -> datetime | None:
        """When the proof ended that holds now; None when there is none, or a later one failed."""
        state = self.proof_state(backup_id)
        return state.at if state.word == "proven" else None

    def disproven(self, backup_id: str) -> bool:
        """Whether damage was seen, and nothing proved the whole backup since."""
        return self.proof_state(backup_id).word == "disproven"

    def suspicious(self, manifest: Manifest) -> tuple[str, ...]:
        """Why the content looks wrong, as it is judged today; () when it is usual or accepted."""
        return self.rejudged.get(manifest.backup_id, manifest.suspicious)

    def moment(self, manifest: Manifest) -> datetime:
        """When the backup was made, as far as the store can tell: orders and ages are by it."""
        return moment_of(manifest.made_at, self.stored_at.get(manifest.backup_id))

    def moment_of_unreadable(self, backup_id: str) -> datetime:
        """The same of a backup whose manifest cannot be read."""
        return self.stored_at.get(backup_id) or time_in_name(backup_id)

    def of_origins(self, ids: Container[str]) -> Self:
        """The same catalog with the backups of these origins only."""
        chosen = tuple(one for one in self.manifests if origin_id(one.origin) in ids)
        return self.with_manifests(chosen)

    def with_manifests(self, manifests: tuple[Manifest, ...]) -> Self:
        """The same catalog with these of its backups only, newest first."""
        return replace(self, manifests=manifests)

    @property
    def regular(self) -> tuple[Manifest, ...]:
        """Newest first, without the safety backups of restores: they hold what was replaced.

        A backup whose date is wrong is left out, too: nobody knows where it belongs.
        """
        return tuple(
            one
            for one in self.manifests
            if not one.is_safety and one.backup_id not in self.misdated
        )

    @property
    def sound(self) -> tuple[Manifest, ...]:
        """Newest first: the regular backups whose content is not suspicious."""
        return tuple(one for one in self.regular if not self.suspicious(one))

    @property
    def proven(self) -> tuple[Manifest, ...]:
        """Newest first: the sound backups that a drill or a restore proved."""
        return tuple(one for one in self.sound if self.proven_at(one.backup_id))


@dataclass(frozen=True, slots=True)
class Lease:
    """While it runs, prune leaves the backup alone."""

    backup_id: str
    until: datetime  # UTC

    def to_json(self) -> bytes:
        """The form in the store."""
        fields = {"backup_id": self.backup_id, "until": self.until.isoformat()}
        return json.dumps(fields).encode()

    @classmethod
    def from_json(cls, data: bytes, where: str) -> Self:
        """Read the stored form. Raises Damaged for anything else: it protects no backup."""
        fields = parse_document(data, where, NOTE_BOUNDS)
        try:
            until = parse_moment(fields.get("until"))
        except ValueError as error:
            raise Damaged(f"{where} is not a lease: {error}", "remove it") from error
        backup_id = fields.get("backup_id")
        if not isinstance(backup_id, str) or not is_backup_id(backup_id):
            raise Damaged(f"{where} is not a lease: it names no backup", "remove it")
        return cls(backup_id, until)
