"""`[databases.N]`: what a logical database is for, and what may be done to it."""

from typing import Literal

from redis_dr.tasks.model.settings.base import Section


class DatabaseSettings(Section):
    """One logical database."""

    purpose: str = ""
    on_restore: Literal["restore", "empty", "keep"] = "restore"
    flush: Literal["free", "after-backup", "confirm", "never"] = "after-backup"
