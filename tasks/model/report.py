"""What every command answers with: findings, each with what was expected and what was seen."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Finding(BaseModel):
    """One check. A check that could not run is not ok: `detail` says why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    ok: bool
    expected: Any = None
    actual: Any = None
    detail: str = ""


class Report(BaseModel):
    """The outcome of one command. Commands extend it with fields of their own (CONTRACT.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str
    instance: str
    ok: bool
    started_at: datetime  # UTC
    seconds: float
    findings: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> int:
        """What the command ends with; a bad verdict is 1 unless the command knows better."""
        return 0 if self.ok else 1


def all_ok(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    """True when there is at least one finding and none is bad: no check, no success."""
    return bool(findings) and all(finding.ok for finding in findings)
