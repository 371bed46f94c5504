"""`[fleet]`: many instances by one program."""

from pydantic import Field

from redis_dr.tasks.model.settings.base import Section


class FleetSettings(Section):
    """Bounds of what goes on at the same time."""

    at_once: int = Field(4, ge=1, le=64, description="instances worked on at the same time")
