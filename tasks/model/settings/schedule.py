"""`[schedule]`: when `redis-dr serve` starts which flow."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator

from redis_dr.tasks.model.settings.section import Section


class ScheduleSettings(Section):
    """Schedules of the flows as cron lines of five fields. An empty text means no schedule."""

    timezone: str = Field(
        "UTC", description="IANA name of the time zone of all cron lines, such as Europe/Berlin."
    )
    nightly: str = Field(
        "0 2 * * *", description="Back up, prove the backup by a drill, then prune."
    )
    hourly: str = Field("17 * * * *", description="Back up only.")
    drill: str = Field(
        "30 4 * * 0", description="Prove the latest backup and one older backup chosen at random."
    )
    verify: str = Field(
        "0 5 * * *",
        description="Read a seventh of all backups again and compare their checksums, so that a "
        "week covers all of them.",
    )
    check: str = Field("*/10 * * * *", description="Judge every instance and its backups.")
    janitor: str = Field("*/5 * * * *", description="Recover what a killed run left unfinished.")
    answer_minutes: int = Field(
        60,
        ge=1,
        description="Minutes that a restore started in Prefect waits for the typed instance name "
        "before it gives up.",
    )

    @field_validator("timezone")
    @classmethod
    def _known_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"{value!r} is not a time zone; use an IANA name such as Europe/Berlin"
            ) from error
        return value

    @field_validator("nightly", "hourly", "drill", "verify", "check", "janitor")
    @classmethod
    def _cron_line(cls, value: str) -> str:
        if not value:
            return value
        if len(value.split()) != 5:  # cronsim takes a sixth field for seconds, Prefect does not
            raise ValueError(f"{value!r} is not a cron line of five fields; empty: no schedule")
        try:
            CronSim(value, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(f"{value!r} is not a cron line: {error}") from error
        return value
