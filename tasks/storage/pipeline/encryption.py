"""The age format as a stage of a pull stream. pyrage pushes, so it runs in a thread of its own."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage import x25519

from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.storage.base.streams import stream
from redis_dr.tasks.storage.pipeline.pump import Pump

IDENTITY_VARIABLE = "REDIS_DR_AGE_IDENTITY_FILE"


def encrypted(source: BinaryIO, recipients: Sequence[str]) -> BinaryIO:
    """The source in the age format. Raises UsageError for a text that is not a recipient."""
    keys = [_recipient(text) for text in recipients]
    pump = Pump(source, lambda reader, writer: pyrage.encrypt_io(reader, writer, keys))
    return stream(pump.pull, pump.close)


def decrypted(source: BinaryIO, name: str) -> BinaryIO:
    """The plain bytes. Raises UsageError for a wrong or missing identity, Damaged for bad data."""
    identities = load_identities()

    def work(reader: Pump, writer: Pump) -> None:
        try:
            pyrage.decrypt_io(reader, writer, identities)
        except pyrage.DecryptError as error:
            raise _decrypt_error(name, str(error)) from error
        except OSError as error:
            raise Damaged(f"{name} does not decrypt: {error}", "restore another backup") from error

    pump = Pump(source, work)
    return stream(pump.pull, pump.close)


def load_identities() -> list[x25519.Identity]:
    """The secret keys of the file that the environment names. Raises UsageError."""
    path = os.environ.get(IDENTITY_VARIABLE)
    if not path:
        raise UsageError(
            "the backup is encrypted, and no identity to open it with was given",
            f"name the file with the secret age key in {IDENTITY_VARIABLE}",
        )
    try:
        lines = Path(path).expanduser().read_text(encoding="ascii").splitlines()
        secrets = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        identities = [x25519.Identity.from_str(secret) for secret in secrets]
    except (OSError, ValueError, pyrage.IdentityError):
        identities = []  # the cause's text could hold a part of the secret
    if not identities:
        raise UsageError(
            f"{IDENTITY_VARIABLE} names a file that holds no readable age identity",
            "it must be a text file of lines that begin with AGE-SECRET-KEY-1",
        )
    return identities


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageError(
            f"store.age_recipients holds {text!r}, which is not an age recipient",
            "use the public key that age-keygen printed, age1...",
        ) from error


def _decrypt_error(name: str, text: str) -> UsageError | Damaged:
    if "matching" in text.lower():
        return UsageError(
            f"{name} was not encrypted to the identity in {IDENTITY_VARIABLE}",
            "give the identity of one of the recipients that the backup was made for",
        )
    return Damaged(f"{name} does not decrypt: {text}", "restore another backup")
