"""The proof: signed by the configured key, refused when a byte of it changed, silent on secrets."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.evidence.proof import (
    PAYLOAD_TYPE,
    load_signer,
    load_verifier,
    proof_of,
    read_proof,
)
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.settings.drill import DrillSettings
from tests.support.drill_case import DrillCase

STATEMENT: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "predicate": {"report": {"ok": True, "rto_seconds": 1.5}},
}


def keys(folder: Path, name: str = "key") -> DrillSettings:
    """A fresh pair as PEM files, configured."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(_private(key))
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return DrillSettings(signing_key_file=str(private), public_key_file=str(public))


def _private(key: Any) -> bytes:
    data: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return data


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[DrillSettings, bytes]:
    """Settings with a key pair, and a proof signed by it."""
    settings = keys(tmp_path_factory.mktemp("keys"))
    return settings, proof_of(STATEMENT, load_signer(settings))


def test_a_signed_proof_is_an_envelope_that_any_tool_can_check(
    signed: tuple[DrillSettings, bytes],
) -> None:
    """DSSE: the Ed25519 signature over the pre-authentication encoding, checked here by hand."""
    settings, data = signed
    envelope = json.loads(data)
    payload = base64.b64decode(envelope["payload"])
    encoded = b"DSSEv1 %d %b %d %b" % (
        len(PAYLOAD_TYPE),
        PAYLOAD_TYPE.encode(),
        len(payload),
        payload,
    )
    public = serialization.load_pem_public_key(Path(str(settings.public_key_file)).read_bytes())

    public.verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)  # type: ignore[union-attr, call-arg] # Ed25519, made above
    assert json.loads(payload) == STATEMENT


def test_a_signed_proof_reads_back(signed: tuple[DrillSettings, bytes]) -> None:
    """With the key and without it."""
    settings, data = signed

    assert read_proof(data, load_verifier(settings)) == STATEMENT
    assert read_proof(data) == STATEMENT


@settings(deadline=None)
@given(data=st.data())
def test_no_changed_byte_is_ever_accepted(
    signed: tuple[DrillSettings, bytes], data: st.DataObject
) -> None:
    """Any other byte at any place: refused, or the very same statement."""
    settings, proof = signed
    at = data.draw(st.integers(0, len(proof) - 1))
    changed = proof[:at] + bytes([data.draw(st.integers(0, 255))]) + proof[at + 1 :]
    try:
        assert read_proof(changed, load_verifier(settings)) == STATEMENT
    except Damaged:
        assert changed != proof


def test_an_unsigned_proof_is_not_taken_where_a_signature_is_asked_for(
    signed: tuple[DrillSettings, bytes],
) -> None:
    """Whoever may write to the store could have written it."""
    with pytest.raises(Damaged, match="signature is missing or wrong"):
        read_proof(proof_of(STATEMENT, None), load_verifier(signed[0]))


def test_the_signature_of_another_key_is_refused(
    signed: tuple[DrillSettings, bytes], tmp_path: Path
) -> None:
    """It is a good signature, of somebody else."""
    with pytest.raises(Damaged, match="signature is missing or wrong"):
        read_proof(signed[1], load_verifier(keys(tmp_path)))


def test_a_key_that_cannot_sign_is_refused_before_the_drill(tmp_path: Path) -> None:
    """Not there, not a key, another kind of key: the text names the file and quotes nothing."""
    rsa = _private(generate_private_key(65537, 2048))
    for name, content in (("no-key", b"BEGIN hunter2"), ("rsa", rsa)):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UsageError, match=str(path)) as error:
            load_signer(DrillSettings(signing_key_file=str(path)))
        assert "hunter2" not in str(error.value)
        assert error.value.__cause__ is None
    with pytest.raises(UsageError):
        load_signer(DrillSettings(signing_key_file=str(tmp_path / "absent")))


def test_a_drill_leaves_a_signed_proof_beside_the_backup(
    drill_case: DrillCase, tmp_path: Path
) -> None:
    """It names every stored file by its hash, every check, the image, and what was measured."""
    settings = keys(tmp_path)
    files = {"signing_key_file": settings.signing_key_file}
    signing = drill_case.configured(**files, public_key_file=settings.public_key_file)
    report = signing.drill(control=False)

    data = (drill_case.folder / "proofs" / report.proof.removeprefix("proofs/")).read_bytes()
    statement = read_proof(data, load_verifier(settings))
    subjects = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    predicate = statement["predicate"]
    assert report.signed
    assert subjects == {one.stored_name: one.stored_sha256 for one in drill_case.manifest.files}
    assert len(predicate["report"]["findings"]) == len(report.findings)
    assert predicate["report"]["image_id"].startswith("sha256:")
    assert predicate["backup"]["persistence"]["appendonly"] is True
    judged = open_catalog(signing.instance)
    assert judged.proven_at(drill_case.backup_id) == report.started_at

    forged = next((drill_case.folder / "proofs").glob("*-drill-ok-*.json"))
    forged.write_bytes(proof_of(statement, None))
    judged = open_catalog(signing.instance)
    assert "signature" in judged.proof_state(drill_case.backup_id).why
    assert judged.proven == ()
