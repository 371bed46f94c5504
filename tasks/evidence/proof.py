"""The evidence of a drill: an in-toto statement, in a DSSE envelope when a key is configured.

The key comes from the file that the configuration or the environment names, and nowhere else;
what is wrong with it never quotes it.
"""

import json
import os
from base64 import b64decode
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.settings.drill import DrillSettings

KEY_VARIABLE: Final = "REDIS_DR_SIGNING_KEY_FILE"
Signer = Ed25519PrivateKey
Verifier = Ed25519PublicKey
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"  # in-toto Attestation Framework, envelope


def load_signer(settings: DrillSettings) -> Signer | None:
    """The configured key; None when there is none. Raises UsageError for one that cannot sign."""
    path = os.environ.get(KEY_VARIABLE) or settings.signing_key_file
    if not path:
        return None
    try:
        key = load_pem_private_key(Path(path).read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None  # the cause's text could hold a part of the key
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"{path} holds no Ed25519 private key that can be read",
            "make one with `openssl genpkey -algorithm ed25519 -out FILE`, without a passphrase",
        )
    return key


def load_verifier(settings: DrillSettings) -> Verifier | None:
    """The configured public key; None when there is none. Raises UsageError."""
    path = settings.public_key_file
    if not path:
        return None
    try:
        key = load_pem_public_key(Path(path).read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise _no_public_key(path) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_public_key(path)
    return key


def proof_of(statement: dict[str, Any], signer: Signer | None) -> bytes:
    """The proof as it is stored: the envelope when signed, the bare statement when not."""
    payload = json.dumps(statement, indent=1, sort_keys=True).encode()
    if signer is None:
        return payload + b"\n"
    from redis_dr.tasks.evidence.envelope import sealed  # noqa: PLC0415 imports boto3, see there

    return json.dumps(sealed(payload, PAYLOAD_TYPE, signer), indent=1).encode() + b"\n"


def read_proof(data: bytes, key: Verifier | None = None) -> dict[str, Any]:
    """The statement of a stored proof; with a key, only when that key signed it.

    Raises Damaged for what is no proof, and for a signature that is missing or wrong.
    """
    try:
        fields = json.loads(data)
        signed = "payloadType" in fields
        statement = json.loads(b64decode(fields["payload"])) if signed else fields
        if key is not None:
            from redis_dr.tasks.evidence.envelope import require_seal  # noqa: PLC0415 imports boto3, see there

            require_seal(fields, PAYLOAD_TYPE, key)
        predicate = statement["predicate"]
    except (ValueError, KeyError, TypeError) as error:
        reason = "its signature is missing or wrong" if key else f"{type(error).__name__}: {error}"
        raise Damaged(
            f"the proof does not hold: {reason}",
            "drill the backup again; somebody may have changed what lies in the store",
        ) from error
    return {**statement, "predicate": predicate}


def _no_public_key(path: str) -> UsageError:
    return UsageError(
        f"{path} holds no Ed25519 public key",
        "write it with `openssl pkey -in KEY -pubout -out FILE`",
    )
