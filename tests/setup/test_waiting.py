"""Waiting has a deadline, on a busy machine too."""

import time

import pytest

from tests.support import waiting
from tests.support.waiting import wait_until


@pytest.mark.parametrize(("load_of_a_core", "times"), [(0.5, 1), (3, 3), (1000, 4)])
def test_a_hang_fails_after_a_deadline_that_the_load_extends(monkeypatch, load_of_a_core, times):
    """Two busy loops on each core extend a deadline; no load extends it more than four times."""
    monkeypatch.setattr(waiting.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(waiting.os, "getloadavg", lambda: (2 * load_of_a_core, 0, 0))
    begun = time.monotonic()

    with pytest.raises(TimeoutError, match="the fact did not hold within"):
        wait_until(lambda: False, 0.2, "the fact", interval=0.01)

    assert time.monotonic() - begun >= 0.2 * times
