"""A gate: conditions that must all hold before anything is done."""

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.report import Finding, all_ok


def require(findings: tuple[Finding, ...], operation: str) -> tuple[Finding, ...]:
    """The findings themselves when all are ok. Raises Refused naming those that are not."""
    if all_ok(findings):
        return findings
    bad = [one for one in findings if not one.ok]
    said = "; ".join(describe(one) for one in bad)
    raise Refused(f"the {operation} did not begin: {said}", _remedy(bad))


def describe(finding: Finding) -> str:
    """One finding as part of a sentence."""
    expected = "" if finding.expected is None else f" (expected {finding.expected})"
    actual = "" if finding.actual is None else f" is {finding.actual}"
    return f"{finding.check}{actual}{expected}"


def _remedy(bad: list[Finding]) -> str:
    details = [one.detail for one in bad if one.detail]
    return "; ".join(details) or "put that right, then run it again; nothing was changed"
