"""`[check]`: from where on the estate is not well. None: it is shown and not judged."""

from pydantic import Field

from redis_dr.tasks.model.settings.base import Section


class CheckSettings(Section):
    """Thresholds of `redis-dr check`."""

    backup_age_hours: float | None = Field(26, gt=0, description="of the newest backup")
    proven_age_hours: float | None = Field(
        50, gt=0, description="of the newest backup that a drill or verification proved"
    )
    size_change: float = Field(
        0.5, gt=0, description="share by which the newest may differ from the median of the last"
    )
    clock_skew_seconds: float = Field(
        5, gt=0, description="between this machine, the server and the store"
    )
    set_aside_bytes: int | None = Field(
        None, ge=0, description="replaced data on the volume; None: only its age is judged"
    )
    prefect_api_url: str | None = Field(
        None, description="asked whether a schedule is paused; PREFECT_API_URL also"
    )
