"""What becomes of a restore that did not end, for every phase."""

from typing import get_args

import pytest

from redis_dr.tasks.model.restore.journal import BEFORE_STOP, Phase, what_to_undo

PHASES: tuple[Phase, ...] = get_args(Phase)


@pytest.mark.parametrize("phase", PHASES)
def test_new_data_that_clients_wrote_to_stays_after_a_crash(phase: Phase) -> None:
    """
    Served and written to: it is kept. Proven: it is kept, written to or not. Before the stop there
    is nothing to undo. In every other phase the old data comes back.
    """
    expected = {"serving": "keep", "proven": "finish", "kept": "finish"}
    for before in BEFORE_STOP:
        expected[before] = "nothing"
    assert what_to_undo(phase, failed=False, written=True) == expected.get(phase, "roll back")


@pytest.mark.parametrize("phase", PHASES)
def test_a_restore_that_failed_is_rolled_back_unless_it_was_proven(phase: Phase) -> None:
    """
    A bad verdict, or a person who stops it, brings the old data back; what clients wrote is then
    set aside by the undo.
    """
    for written in (True, False):
        action = what_to_undo(phase, failed=True, written=written)
        assert (action == "finish") == (phase in {"proven", "kept"})
        assert (action == "nothing") == (phase in BEFORE_STOP)
        assert action != "keep"
