"""Where things lie in a store. Keys are relative to the store's own prefix (CONTRACT.md, Store)."""

import secrets
from datetime import datetime

from redis_dr.tasks.model.backup.backup_id import is_backup_id

MANIFEST = "manifest.json"
PIN = "pin.json"
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
