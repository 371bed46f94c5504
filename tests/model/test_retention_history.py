"""Backups, pins, proofs, prunes and a clock that jumps, in any order: nothing vital is lost."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.proof import Proof
from redis_dr.tasks.model.catalog.retention import plan_retention
from redis_dr.tasks.model.settings.retention import RetentionSettings
from tests.support.backups import NAME, NOON, manifest

POLICY = RetentionSettings(keep_last=2, keep_hourly=2, keep_daily=2, keep_weekly=1)


class History(RuleBasedStateMachine):
    """The catalog as it grows and shrinks; `made` remembers everything that ever was."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.catalog = Catalog(NAME, "file:x")
        self.sound_made = 0
        self.newest_proven: str | None = None

    @rule(hours=st.integers(-30, 24 * 40))
    def clock(self, hours: int) -> None:
        """Time passes, or somebody sets the clock back."""
        self.now += timedelta(hours=hours)

    @rule(odd=st.booleans(), safety=st.booleans())
    def back_up(self, odd: bool, safety: bool) -> None:
        made = manifest(
            self.now,
            suspicious=("odd",) if odd else (),
            operation="restore" if safety else "backup",
        )
        both = sorted(
            (*self.catalog.manifests, made),
            key=lambda m: (m.created_at, m.backup_id),
            reverse=True,
        )
        self.catalog = replace(self.catalog, manifests=tuple(both))
        self.sound_made += not (odd or safety)

    @rule(which=st.integers(0, 10), ok=st.booleans())
    def prove(self, which: int, ok: bool) -> None:
        if not self.catalog.manifests:
            return
        name = self.catalog.manifests[which % len(self.catalog.manifests)].backup_id
        proofs = (*self.catalog.proofs.get(name, ()), Proof(name, "p", "drill", ok, self.now))
        self.catalog = replace(self.catalog, proofs={**self.catalog.proofs, name: proofs})
        if not ok:  # it no longer fills the place of a good one, and may go
            good = [m for m in self.catalog.manifests if not m.suspicious and not m.is_safety]
            self.sound_made = len([m for m in good if not self.catalog.disproven(m.backup_id)])

    @rule(which=st.integers(0, 10))
    def pin(self, which: int) -> None:
        if self.catalog.manifests:
            name = self.catalog.manifests[which % len(self.catalog.manifests)].backup_id
            self.catalog = replace(self.catalog, pinned=self.catalog.pinned | {name})

    @rule()
    def prune(self) -> None:
        plan = plan_retention(self.catalog, POLICY, self.now)
        if plan.frozen:
            return
        proven = [m for m in self.catalog.manifests if self.catalog.proven_at(m.backup_id)]
        regular = [m for m in proven if not m.suspicious and not m.is_safety]
        gone = {one.backup_id for one in plan.removed}
        left = tuple(m for m in self.catalog.manifests if m.backup_id not in gone)
        self.catalog = replace(self.catalog, manifests=left)
        if proven:
            assert proven[0] in left
        if regular:
            assert regular[0] in left

    @invariant()
    def the_last_ones_are_there(self) -> None:
        sound = [m for m in self.catalog.manifests if not m.suspicious and not m.is_safety]
        assert len(sound) >= min(POLICY.keep_last, self.sound_made)
        names = {m.backup_id for m in self.catalog.manifests}
        assert self.catalog.pinned <= names


History.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestHistory = History.TestCase
