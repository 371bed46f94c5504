"""`[drift]`: when the content of a new backup looks wrong."""

from pydantic import Field

from redis_dr.tasks.model.settings.base import Section


class DriftSettings(Section):
    """A fall of the keys of a database or a pattern, against the median of the last backups."""

    max_fall: float = Field(0.5, gt=0, le=1, description="share of the median that may be missing")
    of_last: int = Field(7, ge=1, description="backups that the median is taken of")
    at_least: int = Field(100, ge=1, description="keys; a smaller median is noise")
