"""What every table of redis-dr.toml has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of redis-dr.toml. Unknown keys are refused: a typo must not pass unnoticed."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")
