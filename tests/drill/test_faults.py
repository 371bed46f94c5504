"""Whatever is wrong with a backup, a drill does not call it proven, and says what it is."""

from random import Random

import pytest

from tests.support.drill_case import DrillCase
from tests.support.drill_faults import FAULTS, Means, identity, outcome


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_no_fault_is_called_proven(kind: str, drill_case: DrillCase, means: Means) -> None:
    """Each kind once here; `make soak` draws 200 of them."""
    seed = 20261122
    with identity(means.folder / "none"):
        broken = FAULTS[kind](drill_case, Random(seed), means)
        proven, cause = outcome(broken)

    assert not proven, f"seed {seed}"
    assert any(text in cause for text in broken.says), cause
    assert cause
    assert broken.drill_case.catalog.proven_at(broken.drill_case.backup_id) is None
