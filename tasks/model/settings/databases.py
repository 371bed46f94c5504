"""`[databases.N]`, `[[keys]]`, `[flush]`, `[invalidate]`, `[epochs]`: what may be done to data."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from redis_dr.tasks.model.settings.sections import Section


class DatabaseSettings(Section):
    """One logical database."""

    purpose: str = ""
    on_restore: Literal["restore", "empty", "keep"] = "restore"
    flush: Literal["free", "after-backup", "confirm", "never"] = "after-backup"


class FlushSettings(Section):
    """The guard of a flush, and the pace of removing keys one by one."""

    backup_max_age_hours: float = Field(
        24, gt=0, description="a proven backup younger than this allows an after-backup flush"
    )
    batch: int = Field(250, ge=1, le=10_000, description="keys of one SCAN or UNLINK")
    busy_share: float = Field(
        0.5, gt=0, le=1, description="share of the time that the server works for us; 1: no pause"
    )
    keys_per_second: float | None = Field(None, gt=0, description="of removals; absent: no limit")
    sample: int = Field(10, ge=0, description="keys to show before they are removed")


class InvalidateSettings(Section):
    """Which keys hold what was derived from a document or a chunk."""

    patterns: tuple[str, ...] = Field(
        (
            "doc:cache:{doc_id}",
            "doc:embeddings:{doc_id}:{chunk_id}",
            "expansion:candidates:{chunk_id}",
        ),
        description="key patterns with {doc_id}, {chunk_id} or both; locks and queues never belong",
    )
    db: int = Field(0, ge=0)

    @field_validator("patterns")
    @classmethod
    def _addressable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            if "{doc_id}" not in pattern and "{chunk_id}" not in pattern:
                raise ValueError(f"{pattern} names neither {{doc_id}} nor {{chunk_id}}")
        return value


class EpochSettings(Section):
    """Keys are {namespace}:doc_epoch, {namespace}:chunk_epoch (hashes) and :global_epoch."""

    namespace: str = "rag:v1"
    db: int = 0

    @property
    def hashes(self) -> tuple[str, ...]:
        """Hash keys whose fields hold an epoch each."""
        return (f"{self.namespace}:doc_epoch", f"{self.namespace}:chunk_epoch")

    @property
    def counter(self) -> str:
        """The string key that holds the epoch of everything."""
        return f"{self.namespace}:global_epoch"


_FIELD = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
_REQUEUE = "requeue:"


class KeyRule(BaseModel):
    """One `[[keys]]` table: a family of keys, what it promises, and what a restore does with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str = Field(min_length=1, description="{name} matches one or more characters")
    db: int = Field(0, ge=0)
    ttl: int | None = Field(None, gt=0, description="seconds; absent: persistent")
    on_restore: str = Field("restore", description="restore | drop | keep | requeue:LIST")
    purpose: str = ""

    @field_validator("on_restore")
    @classmethod
    def _known_action(cls, value: str) -> str:
        requeues = value.startswith(_REQUEUE) and len(value) > len(_REQUEUE)
        if value not in {"restore", "drop", "keep"} and not requeues:
            raise ValueError("must be restore, drop, keep or requeue:LIST")
        return value

    @property
    def action(self) -> str:
        """restore, drop, keep or requeue."""
        return self.on_restore.split(":", 1)[0]

    @property
    def requeue_to(self) -> str | None:
        """The list that takes over the elements, for requeue."""
        return self.on_restore[len(_REQUEUE) :] if self.action == "requeue" else None

    @cached_property
    def regex(self) -> re.Pattern[bytes]:
        """Matches a whole key, as bytes: keys need not be text."""
        return re.compile(self.regex_source, re.DOTALL)

    @property
    def regex_source(self) -> bytes:
        """The pattern as regular expression without anchors; use with fullmatch."""
        return b".+".join(re.escape(part.encode()) for part in self.literals)

    @property
    def literals(self) -> tuple[str, ...]:
        """The text around the fields: one part more than there are fields."""
        return tuple(_FIELD.split(self.pattern))

    @property
    def lua_pattern(self) -> str:
        """The pattern for string.match in a script that the server runs, anchored."""
        parts = (re.sub(r"([^A-Za-z0-9])", r"%\1", part) for part in _FIELD.split(self.pattern))
        return "^" + ".+".join(parts) + "$"

    @property
    def glob(self) -> str:
        """The pattern as SCAN MATCH glob; it may match more than `regex`, never less."""
        escaped = (re.sub(r"([\\*?\[\]])", r"\\\1", part) for part in _FIELD.split(self.pattern))
        return "*".join(escaped)


def first_match(rules: Sequence[KeyRule], db: int, key: bytes) -> KeyRule | None:
    """The first rule of this database that matches the whole key, or None."""
    return next((rule for rule in rules if rule.db == db and rule.regex.fullmatch(key)), None)
