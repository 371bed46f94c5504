"""Key patterns of the configuration: in `lock:ingest:{doc_id}`, {name} is any non-empty text."""

import re
from collections.abc import Sequence
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, field_validator

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
