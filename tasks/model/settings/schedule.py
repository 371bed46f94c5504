"""`[schedule]`: when Prefect starts what, as cron lines. An empty line: not by itself."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from redis_dr.tasks.model.settings.sections import Section


class ScheduleSettings(Section):
    """The runbook's habits; `timezone` holds for all of them."""

    timezone: str = Field("UTC", description="IANA name; cron lines are meant in it")
    nightly: str = Field("0 2 * * *", description="backup, its proof, then prune")
    hourly: str = Field("17 * * * *", description="backup alone")
    drill: str = Field("30 4 * * 0", description="the latest and one random older backup")
    verify: str = Field("0 5 * * *", description="a seventh of all backups")
    check: str = Field("*/10 * * * *", description="one verdict on the estate")
    janitor: str = Field("*/5 * * * *", description="recover what a killed run left")
    answer_minutes: int = Field(
        60, ge=1, description="how long a restore waits for the typed name before it gives up"
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone, see the IANA names") from error
        return value

    @field_validator("nightly", "hourly", "drill", "verify", "check", "janitor")
    @classmethod
    def _five_fields(cls, value: str) -> str:
        if value and len(value.split()) != 5:
            raise ValueError("must be a cron line of five fields, or empty")
        return value
