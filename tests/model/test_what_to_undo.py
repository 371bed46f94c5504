"""What becomes of a restore that did not end: every phase, every way up, written to or not."""

from dataclasses import replace
from typing import Literal, get_args

import pytest

from redis_dr.tasks.model.restore.journal import BEFORE_STOP, Phase, belongs_to
from redis_dr.tasks.model.restore.undo import (
    MAY_SERVE_NEW,
    WHOLE_BY_PHASE,
    Situation,
    Undo,
    what_to_undo,
)
from tests.model.test_other_actors import CONTAINER
from tests.support.journals import journal_of

PHASES: tuple[Phase, ...] = get_args(Phase)
WayUp = Literal["by itself", "by hand", "container recreated"]
JOURNAL = journal_of(CONTAINER.name, CONTAINER.id)
# of the phases in which the new data may be served; the new data is whole
WRITTEN_TO: dict[Phase, Undo] = {
    "staging": "nothing",
    "stopping": "roll back",  # the old data lies there, and stays
    "swapping": "keep",
    "placed": "keep",
    "serving": "keep",
    "proven": "finish",
    "kept": "finish",
    "undoing": "keep",
    "undone": "roll back",  # the old data lies there, and stays
}
NOT_WRITTEN_TO: dict[Phase, Undo] = {
    **WRITTEN_TO,
    "swapping": "roll back",
    "placed": "roll back",
    "serving": "roll back",
    "undoing": "roll back",
}


@pytest.mark.parametrize("written", [True, False], ids=["written to", "not written to"])
@pytest.mark.parametrize("way_up", get_args(WayUp))
@pytest.mark.parametrize("phase", PHASES)
def test_what_clients_wrote_to_stays_however_the_server_came_up(
    phase: Phase, way_up: WayUp, *, written: bool
) -> None:
    """
    A dead restore in each phase, the server up by itself, by hand or in a container that was made
    again on the volume: the journal is its own, and new data that clients wrote to is never undone.
    """
    made_again = way_up == "container recreated"
    container = replace(CONTAINER, id="2") if made_again else CONTAINER
    assert belongs_to(JOURNAL, "shop", container, first_exists=not made_again)
    expected = (WRITTEN_TO if written else NOT_WRITTEN_TO)[phase]
    assert what_to_undo(Situation(phase, whole=True, written=written)) == expected


@pytest.mark.parametrize("phase", PHASES)
def test_part_of_the_new_data_is_taken_away_written_to_or_not(phase: Phase) -> None:
    """
    A server on part of either data serves neither: the old data comes back, and what clients wrote
    is in a folder that the report names.
    """
    if phase in MAY_SERVE_NEW - WHOLE_BY_PHASE:
        assert what_to_undo(Situation(phase, whole=False, written=True)) == "roll back"


@pytest.mark.parametrize("phase", PHASES)
def test_a_restore_that_failed_is_rolled_back_unless_it_was_proven(phase: Phase) -> None:
    """
    A bad verdict, or a person who stops it, brings the old data back; what clients wrote is then
    set aside by the undo.
    """
    for written in (True, False):
        action = what_to_undo(Situation(phase, failed=True, whole=True, written=written))
        assert (action == "finish") == (phase in {"proven", "kept"})
        assert (action == "nothing") == (phase in BEFORE_STOP)
        assert action != "keep"
