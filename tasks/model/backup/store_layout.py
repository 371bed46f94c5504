"""Where things lie in a store. Keys are relative to the store's own prefix (CONTRACT.md, Store)."""

import re
import secrets
from datetime import UTC, datetime

MANIFEST = "manifest.json"
PIN = "pin.json"
ACCEPTED = "accepted.json"
PROOFS = "proofs/"


def backups_prefix(instance: str) -> str:
    """All backups of one instance."""
    return f"{instance}/backups/"


def backup_prefix(instance: str, backup_id: str) -> str:
    """Everything of one backup: `<instance>/backups/<ID>/`."""
    return f"{backups_prefix(instance)}{backup_id}/"


def manifest_key(instance: str, backup_id: str) -> str:
    """The object that makes it a backup."""
    return backup_prefix(instance, backup_id) + MANIFEST


def pin_key(instance: str, backup_id: str) -> str:
    """The object that keeps the backup for ever."""
    return backup_prefix(instance, backup_id) + PIN


def accepted_key(instance: str, backup_id: str) -> str:
    """The object that says who accepted a fall of the content."""
    return backup_prefix(instance, backup_id) + ACCEPTED


def leases_prefix(instance: str) -> str:
    """One object for each running restore, drill or copy."""
    return f"{instance}/restores/"


def proof_name(kind: str, at: datetime, *, ok: bool) -> str:
    """A proof's outcome is in its name, so that one listing of the store tells what is proven."""
    return f"{at:%Y%m%dT%H%M%S.%fZ}-{kind}-{'ok' if ok else 'bad'}-{secrets.token_hex(3)}.json"


def split_backup_key(instance: str, key: str) -> tuple[str, str] | None:
    """(backup id, name inside the backup), or None for a key that belongs to no backup."""
    rest = key.removeprefix(backups_prefix(instance))
    backup_id, slash, name = rest.partition("/")
    if rest == key or not slash or not name or not is_backup_id(backup_id):
        return None
    return backup_id, name


def is_lasting(key: str) -> bool:
    """Whether the object is part of a backup: pins, leases and reports may come and go."""
    return "/backups/" in key and not key.endswith(f"/{PIN}")


PATTERN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


def new_backup_id(now: datetime) -> str:
    """For example 20261122T020000Z-1f09ac."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def is_backup_id(text: str) -> bool:
    """Whether the text has the form of a backup's name."""
    return PATTERN.fullmatch(text) is not None
