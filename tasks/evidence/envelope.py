"""DSSE envelopes: the only place that knows securesystemslib.

It imports a signer for every cloud, and boto3 with them (0.3 s of CPU). So this module is imported
by a process that signs or checks a signature, and by no other.
"""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import (  # type: ignore[attr-defined] # it has no __all__
    CryptoSigner,
    SSlibKey,
)


def sealed(payload: bytes, payload_type: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """The envelope with the signature of this key, as JSON takes it."""
    envelope = Envelope(payload, payload_type, {})
    envelope.sign(CryptoSigner(key))
    return dict(envelope.to_dict())


def require_seal(fields: dict[str, Any], payload_type: str, key: Ed25519PublicKey) -> None:
    """Raise ValueError, KeyError or TypeError unless this key signed the envelope."""
    try:
        envelope = Envelope.from_dict(fields)
        if envelope.payload_type != payload_type:
            raise ValueError(f"payload type {envelope.payload_type}")
        envelope.verify([SSlibKey.from_crypto(key)], threshold=1)
    except (FormatError, VerificationError) as error:
        raise ValueError(str(error)) from error
