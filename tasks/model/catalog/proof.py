"""What the proofs beside a backup say of it. The only place that decides what is proven. Pure.

Three kinds of facts, and only the last one proves:
stored     the manifest is there, and each file has the size that it names
read back  a verification opened and hashed every file ("verify", "verify-stored")
restored   a server served the content: a drill, or a restore that ended proven
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.dates import store_time

PROVING: Final = frozenset({"drill", "restore"})
_NAME = re.compile(
    r"proofs/([0-9]{8}T[0-9]{6}\.[0-9]{6}Z)-([a-z-]{1,40})-(ok|bad)[!-~]{0,40}\.json"
)
_WORDS: Final[Mapping[str, str]] = {
    "verify": "verification",
    "verify-stored": "verification of the stored bytes",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """One drill, restore or verification of a backup, as its name tells (proof_name)."""

    backup_id: str
    name: str  # relative to the backup's folder, "proofs/..."
    kind: str  # "drill", "restore", "verify", "verify-stored", ...
    ok: bool
    at: datetime  # UTC
    doubt: str = ""  # why a good one does not count: signature or subject; "" where not checked
    stored_at: datetime | None = None  # UTC, by the store's clock; None: not asked

    @property
    def moment(self) -> datetime:
        """When it ended, never later than the store took it; orders the proofs."""
        return min(self.at, self.stored_at) if self.stored_at else self.at

    @property
    def proves(self) -> bool:
        """Whether a server served the whole content, and the proof can be relied on."""
        return self.ok and self.kind in PROVING and not self.doubt

    def __str__(self) -> str:
        return f"{_WORDS.get(self.kind, self.kind)} of {self.at:%Y-%m-%d %H:%M} UTC"


def proof_named(backup_id: str, name: str, modified: datetime) -> Proof | None:
    """What the name of an object claims to be; None for a name that is not that of a proof.

    `modified` is the store's time of the object.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        at = datetime.strptime(match[1], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Proof(backup_id, name, match[2], match[3] == "ok", at, stored_at=store_time(modified))


@dataclass(frozen=True, slots=True)
class ProofState:
    """Whether a backup is proven: when, by what, and why. Verification is a fact beside it."""

    word: Literal["proven", "disproven", "unproven"]
    why: str  # one clause for people
    at: datetime | None = None  # UTC, of the proof that decided; None: unproven
    by: str = ""  # kind of the proof that decided
    verified_at: datetime | None = None  # UTC, when every file was last read back and was good


def proof_state(proofs: Sequence[Proof]) -> ProofState:
    """The newest fact decides that either shows damage, or proves the whole backup.

    Any failure shows damage, of a verification too. Only a later drill or restore outweighs it: a
    file that reads well again does not. `proofs` are the oldest first.
    """
    verified_at = next(
        (proof.at for proof in reversed(proofs) if proof.ok and proof.kind == "verify"), None
    )
    doubts: list[str] = []
    for proof in reversed(proofs):
        if not proof.ok:
            return ProofState("disproven", f"{proof} failed", proof.at, proof.kind, verified_at)
        if proof.proves:
            return ProofState("proven", f"{proof}", proof.at, proof.kind, verified_at)
        if proof.doubt:
            doubts.append(f"{proof} does not count: {proof.doubt}")
    why = doubts[0] if doubts else "it was never drilled"
    return ProofState("unproven", why, verified_at=verified_at)


def doubt_about(statement: Mapping[str, Any], proof: Proof, manifest: Manifest) -> str:
    """Why this statement does not prove this backup under this name; "" when it does.

    A key that signed one good proof must not vouch for another backup, other files or another day.
    """
    try:
        return next(_differences(statement, proof, manifest), "")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return f"it has another form: {type(error).__name__}: {error}"


def _differences(statement: Mapping[str, Any], proof: Proof, manifest: Manifest) -> Iterator[str]:
    report = statement["predicate"]["report"]
    outcome = report["proven"] if proof.kind == "drill" else report["ok"]
    if report["command"] != proof.kind or outcome is not True:
        yield "it states another outcome than its name"
    if (report["instance"], report["backup_id"]) != (manifest.instance, manifest.backup_id):
        yield f"it is of backup {report['backup_id']} of {report['instance']}"
    if datetime.fromisoformat(report["started_at"]) != proof.at:
        yield f"it is of {report['started_at']}, not of the time in its name"
    signed = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    if signed != {file.stored_name: file.stored_sha256 for file in manifest.files}:
        yield "it is of other files than the manifest names"
