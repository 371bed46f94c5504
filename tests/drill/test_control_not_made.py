"""A negative control that cannot be made; apart from the controls, whose scratch is held."""

import pytest

from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.tasks.drill.damage import ControlNotMade
from redis_dr.tasks.model.drill.drill_report import Control
from tests.support.drill_case import DrillCase


def test_a_control_that_cannot_be_made_is_no_verdict(
    drill_case: DrillCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The backup stays proven, and the drill is not good: something was not tried.
    """

    def fails(*_: object) -> Control:
        raise ControlNotMade("a key lost in the server: no key", "run the drill again")

    monkeypatch.setattr("redis_dr.flows.runbook.drill.drill.negative_control", fails)
    report = drill(drill_case.instance, DrillOptions())

    assert report.proven
    assert not report.ok
    (bad,) = [each for each in report.findings if not each.ok]
    assert "could be made" in bad.check
