"""One decision says what is proven: every history of facts, every kind of backup, every reader."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import choose, choose_for_drill
from redis_dr.tasks.model.catalog.proof import Proof, doubt_about, proof_state
from redis_dr.tasks.model.catalog.retention import plan_retention
from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.observe.check_store import judge_catalog
from redis_dr.tasks.model.settings.retention import RetentionSettings
from redis_dr.tasks.model.settings.store import StoreSettings
from tests.support.backups import NAME, NOON, counted, days_ago, instance, manifest

WEKA = instance(StoreSettings())
KINDS = ("drill", "restore", "restore-aof", "restore-sampled", "verify", "verify-stored", "later")


def _proof(kind: str, minute: int, *, ok: bool, doubt: str = "") -> Proof:
    return Proof("b", f"proofs/{minute}", kind, ok, NOON + timedelta(minutes=minute), doubt)


facts = st.lists(
    st.tuples(st.sampled_from(KINDS), st.booleans(), st.sampled_from(("", "not signed"))),
    max_size=8,
)


@settings(deadline=None)
@given(facts)
def test_only_a_drill_or_a_restore_proves_and_only_they_outweigh_a_failure(
    history: list[tuple[str, bool, str]],
) -> None:
    """The state follows the last fact that is a failure or a good drill or restore without doubt.

    Nothing else changes it: with all other facts left out the state is the same.
    """
    proofs = [_proof(kind, n, ok=ok, doubt=doubt) for n, (kind, ok, doubt) in enumerate(history)]
    deciding = [
        one
        for one in proofs
        if not one.ok or (one.kind in {"drill", "restore"} and one.doubt == "")
    ]
    state = proof_state(proofs)

    if not deciding:
        assert (state.word, state.at) == ("unproven", None)
    else:
        assert state.word == ("proven" if deciding[-1].ok else "disproven")
        assert (state.at, state.by) == (deciding[-1].at, deciding[-1].kind)
        assert f"{deciding[-1].at:%Y-%m-%d %H:%M}" in state.why
    bare = proof_state(deciding)
    assert (bare.word, bare.at, bare.by) == (state.word, state.at, state.by)
    read = [one.at for one in proofs if one.ok and one.kind == "verify"]
    assert state.verified_at == (read[-1] if read else None)


def test_a_read_back_after_a_failed_drill_changes_no_verdict() -> None:
    """The case: NOT PROVEN, then a verification of one second. Nobody calls it proven or well."""
    made = [manifest(days_ago(day), **counted({0: 1000})) for day in (0, 1)]
    newest = made[0].backup_id
    before = _catalog(made, {newest: [_proof("drill", 1, ok=False)]})
    after = _catalog(made, {newest: [_proof("drill", 1, ok=False), _proof("verify", 2, ok=True)]})

    for catalog in (before, after):
        assert catalog.proven == ()
        with pytest.raises(UsageError, match=r"no backup .* is proven"):
            choose(catalog, "latest-proven")
        frozen = plan_retention(catalog, RetentionSettings(), NOON).frozen
        assert frozen[0].startswith(f"the newest backup {newest} failed its last proof: ")
        assert frozen[0].endswith("drill of 2026-11-22 12:01 UTC failed")
        found = {one.check: one for one in judge_catalog(catalog, WEKA, NOON)}
        last = found["the last proof was good"]
        assert not last.ok
        assert last.actual == f"{newest}: drill of 2026-11-22 12:01 UTC failed"
        assert not found["retention can work"].ok
        assert not found["age of the newest proven backup"].ok


def test_a_failure_is_told_until_something_newer_is_proven() -> None:
    """A good drill of an older backup does not make up for the newer one; of a newer one it does,
    and the words stay."""
    made = [manifest(days_ago(day), **counted({0: 1000})) for day in (0, 1, 2)]
    new, middle, old = (one.backup_id for one in made)
    failed = {middle: [_proof("drill", 1, ok=False)]}

    def last(proofs: dict[str, list[Proof]]) -> Any:
        found = judge_catalog(_catalog(made, proofs), WEKA, NOON)
        return next(one for one in found if one.check == "the last proof was good")

    assert not last(failed).ok
    assert not last({**failed, old: [_proof("drill", 2, ok=True)]}).ok
    assert not last({**failed, new: [_proof("verify", 2, ok=True)]}).ok
    assert not last({**failed, new: [_proof("drill", 0, ok=True)]}).ok
    made_up = last({**failed, new: [_proof("drill", 2, ok=True)]})
    assert made_up.ok
    assert middle in str(made_up.actual)


kinds_of_backup = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.booleans(), st.sampled_from((None, True, False))),
    min_size=1,
    max_size=7,
)


@settings(deadline=None)
@given(kinds_of_backup)
def test_whoever_asks_for_a_proven_backup_gets_the_same_one(
    made: list[tuple[bool, bool, bool, bool | None]],
) -> None:
    """Latest proven, retention's newest proven and check's are one backup: regular, usual, proven.

    A random drill takes usual ones only. Retention removes no such backup, whatever was proven
    later.
    """
    manifests, proofs, accepted = [], {}, {}
    for day, (safety, odd, meant, proven) in enumerate(made):
        one = manifest(
            days_ago(day),
            operation="restore" if safety else "backup",
            suspicious=("fell",) if odd else (),
        )
        manifests.append(one)
        if odd and meant:
            accepted[one.backup_id] = ()
        if proven is not None:
            proofs[one.backup_id] = [_proof("drill", day, ok=proven)]
    catalog = replace(_catalog(manifests, proofs), rejudged=accepted)
    usual = [
        one
        for one, (safety, odd, meant, _) in zip(manifests, made, strict=True)
        if not safety and (meant or not odd)
    ]
    expected = [one for one in usual if any(proof.ok for proof in proofs.get(one.backup_id, []))]

    assert catalog.proven == tuple(expected)
    assert _chosen(choose, catalog, "latest") == (usual[0] if usual else None)
    assert _chosen(choose, catalog, "latest-proven") == (expected[0] if expected else None)
    drawn = _chosen(choose_for_drill, catalog, "random")
    assert drawn in usual if usual else drawn is None
    nothing = {f"keep_{unit}": 0 for unit in ("hourly", "daily", "weekly", "monthly", "yearly")}
    plan = plan_retention(catalog, RetentionSettings(keep_last=1, **nothing), NOON)
    removed = {one.backup_id for one in plan.removed}
    assert not expected or expected[0].backup_id not in removed
    found = judge_catalog(catalog, WEKA, NOON)
    age = next(one for one in found if one.check == "age of the newest proven backup")
    assert (age.actual == "there is none") == (not expected)


def _chosen(
    how: Callable[[Catalog, str], Manifest], catalog: Catalog, which: str
) -> Manifest | None:
    try:
        return how(catalog, which)
    except UsageError:
        return None


def _catalog(manifests: list[Manifest], proofs: dict[str, list[Proof]]) -> Catalog:
    newest_first = sorted(manifests, key=lambda one: one.created_at, reverse=True)
    return Catalog(
        NAME,
        "file:x",
        tuple(newest_first),
        {
            name: tuple(replace(one, backup_id=name) for one in found)
            for name, found in proofs.items()
        },
    )


STATED = manifest()
PROOF = Proof(STATED.backup_id, "proofs/x", "drill", True, NOON)


def _statement(**report: object) -> dict[str, Any]:
    fields = {
        "command": "drill",
        "instance": NAME,
        "backup_id": STATED.backup_id,
        "started_at": NOON.isoformat(),
        "ok": True,
        "proven": True,
    }
    files = [
        {"name": one.stored_name, "digest": {"sha256": one.stored_sha256}} for one in STATED.files
    ]
    return {"subject": files, "predicate": {"report": {**fields, **report}}}


@pytest.mark.parametrize(
    ("statement", "doubt"),
    [
        (_statement(), ""),
        (_statement(ok=False), ""),  # a missed target of time: proven all the same
        (_statement(proven=False), "another outcome"),
        (_statement(proven="yes"), "another outcome"),
        (_statement(command="restore"), "another outcome"),
        (_statement(backup_id="20200101T000000Z-000000"), "of backup 20200101T000000Z-000000"),
        (_statement(instance="other"), "of other"),
        (_statement(started_at="2026-11-22T11:00:00+00:00"), "not of the time in its name"),
        (_statement(started_at="2026-11-22T12:00:00Z"), ""),
        ({**_statement(), "subject": []}, "other files"),
        ({"subject": []}, "another form"),
        ({"predicate": {"report": None}}, "another form"),
        ({"predicate": {"report": {}}}, "another form"),
    ],
)
def test_a_signature_vouches_for_one_backup_one_outcome_and_one_moment(
    statement: dict[str, Any], doubt: str
) -> None:
    """A good proof that was moved or renamed to cover something else does not count."""
    words = doubt_about(statement, PROOF, STATED)
    assert doubt in words
    assert bool(words) == bool(doubt)
