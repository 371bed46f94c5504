"""A finding, a report, and the gate that findings open or shut."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.timings import Timings


class Finding(BaseModel):
    """One check. A check that could not run is not ok: `detail` says why."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    check: str  # what was checked
    ok: bool  # the check is good
    expected: Any = None  # null: nothing to compare with
    actual: Any = None  # what was seen
    detail: str = ""  # what it means, or what to do


class Report(BaseModel):
    """The outcome of one command. Commands extend it with fields of their own (CONTRACT.md)."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    command: str  # the command that was run
    instance: str  # name of the instance in the configuration
    ok: bool  # the verdict is good
    started_at: datetime  # UTC
    seconds: float  # from start to end
    findings: tuple[Finding, ...] = ()  # everything that was checked

    @property
    def exit_code(self) -> int:
        """What the command ends with; a bad verdict is 1 unless the command knows better."""
        return 0 if self.ok else 1

    @property
    def headline(self) -> str:
        """The outcome in one line, for a run list, a scorecard or a notification."""
        return "well" if self.ok else f"NOT well: {bad_in_short(self.findings) or 'nothing ran'}"


class Heading(TypedDict):
    """The fields that the report of every command has."""

    command: str
    instance: str
    ok: bool
    started_at: datetime
    seconds: float
    findings: tuple[Finding, ...]


def heading(
    command: str,
    instance: str,
    timings: Timings,
    findings: Sequence[Finding],
    *,
    ok: bool | None = None,
) -> Heading:
    """The heading of a report that ends now; `ok` defaults to: every finding is good."""
    return Heading(
        command=command,
        instance=instance,
        ok=all_ok(tuple(findings)) if ok is None else ok,
        started_at=timings.started_at,
        seconds=timings.seconds,
        findings=tuple(findings),
    )


def all_ok(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    """True when there is at least one finding and none is bad: no check, no success."""
    return bool(findings) and all(finding.ok for finding in findings)


def require(findings: tuple[Finding, ...], operation: str) -> tuple[Finding, ...]:
    """The findings themselves when all are ok. Raises Refused naming those that are not."""
    if all_ok(findings):
        return findings
    bad = [finding for finding in findings if not finding.ok]
    problems = "; ".join(describe(finding) for finding in bad)
    raise Refused(f"the {operation} did not begin: {problems}", _remedy(bad))


def first_bad(findings: Iterable[Finding], otherwise: str = "") -> str:
    """The first check that failed, as part of a sentence; `otherwise` when none did."""
    return next((failed(finding) for finding in findings if not finding.ok), otherwise)


def failed(finding: Finding) -> str:
    """A check that failed: its name states what should be, so the sentence must say that it is not.

    A value that says no more than the name is left out.
    """
    says_more = finding.actual is not None and not isinstance(finding.actual, bool)
    return f"failed check: {finding.check}" + (f": {finding.actual}" if says_more else "")


def bad_in_short(findings: Iterable[Finding]) -> str:
    """Every bad one as part of a sentence, "" when there is none."""
    return "; ".join(f"{finding.check}: {finding.actual}" for finding in findings if not finding.ok)


def describe(finding: Finding, link: str = " is ") -> str:
    """One finding as part of a sentence; `link` stands between the check and its value."""
    expected = "" if finding.expected is None else f" (expected {finding.expected})"
    actual = "" if finding.actual is None else f"{link}{finding.actual}"
    return f"{finding.check}{actual}{expected}"


def finding_line(finding: Finding) -> str:
    """One finding for people: a good one in short, a bad one in full."""
    if finding.ok:
        known = finding.actual is not None and finding.actual is not True
        return f"ok  {finding.check}" + (f": {finding.actual}" if known else "")
    detail = f"; {finding.detail}" if finding.detail else ""
    return f"BAD {describe(finding, ': ')}{detail}"


def finding_lines(findings: Iterable[Finding], *, only_bad: bool = False) -> list[str]:
    """One line for each, the bad ones first."""
    ordered = sorted(findings, key=lambda finding: finding.ok)
    return [finding_line(one) for one in ordered if not (only_bad and one.ok)]


def _remedy(bad: list[Finding]) -> str:
    details = [finding.detail for finding in bad if finding.detail]
    return "; ".join(details) or "put that right, then run it again; nothing was changed"
