"""A finding reads the same wherever it is printed."""

from redis_dr.flows.cli.output import Output
from redis_dr.tasks.model.report import Finding, finding_line, finding_lines

BAD = Finding(check="space", ok=False, expected="2 bytes", actual=1, detail="make room")
GOOD = Finding(check="role", ok=True, actual="master")


def test_a_bad_finding_is_printed_in_full_and_first(capsys) -> None:
    """What was seen, what was expected, what to do; the command line prints the same lines."""
    assert finding_line(BAD) == "BAD space: 1 (expected 2 bytes); make room"
    assert finding_lines([GOOD, BAD]) == [finding_line(BAD), "ok  role: master"]
    assert finding_lines([GOOD, BAD], only_bad=True) == [finding_line(BAD)]
    Output().findings([GOOD, BAD])
    assert capsys.readouterr().out.splitlines() == finding_lines([GOOD, BAD])


def test_a_good_finding_says_nothing_that_goes_without_saying() -> None:
    """`ok` needs no "True" behind it."""
    assert finding_line(Finding(check="safe", ok=True, actual=True)) == "ok  safe"
