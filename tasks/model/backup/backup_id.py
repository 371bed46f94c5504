"""The name of a backup: its UTC second plus a suffix that makes it unique. Sorts by time."""

import re
import secrets
from datetime import UTC, datetime

PATTERN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


def new_backup_id(now: datetime) -> str:
    """For example 20261122T020000Z-1f09ac."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def is_backup_id(text: str) -> bool:
    """Whether the text has the form of a backup's name."""
    return PATTERN.fullmatch(text) is not None
