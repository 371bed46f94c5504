"""What every settings section is: frozen, typed, and closed to keys it does not know."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of redis-dr.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")
