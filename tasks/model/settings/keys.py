"""`[databases.N]` and `[[keys]]`: what a restore and a flush may do to which data."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from pydantic import Field, field_validator

from redis_dr.tasks.model.settings.key_pattern import linear_source
from redis_dr.tasks.model.settings.section import Section

_FIELD = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
_REQUEUE = "requeue:"


class DatabaseSettings(Section):
    """What may be done to one logical database. N is its number."""

    purpose: str = Field("", description="What the database is for; shown in reports.")
    on_restore: Literal["restore", "empty", "keep"] = Field(
        "restore",
        description="restore: take the data of the backup. empty: leave the database empty. "
        "keep: take the data of the running server.",
    )
    flush: Literal["free", "after-backup", "confirm", "never"] = Field(
        "after-backup",
        description="free: `redis-dr flush` needs no condition. confirm: it needs the instance "
        "name typed as --confirm. after-backup: it needs the same and a recent proven backup "
        "(`flush.backup_max_age_hours`); without one, a backup is made first. never: it is "
        "refused.",
    )


class KeyRule(Section):
    """A family of keys: its expected time to live, and what a restore does with it.

    The first rule that matches a key holds for it.
    """

    pattern: str = Field(
        min_length=1,
        description="Pattern of the whole key; {name} matches one or more characters.",
    )
    db: int = Field(0, ge=0, description="Number of the database that holds these keys.")
    ttl: int | None = Field(
        None,
        gt=0,
        description="Expected time to live in seconds, which `redis-dr keys` checks. "
        "Unset: the keys do not expire.",
    )
    on_restore: str = Field(
        "restore",
        description="restore: take the keys from the backup. drop: leave them out. keep: take "
        "them from the running server. requeue:LIST: move the elements to the queue LIST, "
        "because work in progress has to be done again.",
    )
    purpose: str = Field("", description="What the keys are for; shown in reports.")

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
        """The pattern as regular expression, linear in the key; use with fullmatch."""
        return linear_source([part.encode() for part in self.literals])

    @property
    def literals(self) -> tuple[str, ...]:
        """The text around the fields: one part more than there are fields."""
        return tuple(_FIELD.split(self.pattern))

    @property
    def glob(self) -> str:
        """The pattern as SCAN MATCH glob; it may match more than `regex`, never less."""
        escaped = (re.sub(r"([\\*?\[\]])", r"\\\1", part) for part in _FIELD.split(self.pattern))
        return "*".join(escaped)


def first_match(rules: Sequence[KeyRule], db: int, key: bytes) -> KeyRule | None:
    """The first rule of this database that matches the whole key, or None."""
    return next((rule for rule in rules if rule.db == db and rule.regex.fullmatch(key)), None)
