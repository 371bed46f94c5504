"""Two hosts with one instance name: what the origin of a backup decides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.origin import UNKNOWN, Origin, lineage, plain_name, returns
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.choosing import choice_of, choose
from redis_dr.tasks.model.catalog.origins import judge_origins, mixed_origins, own_backups
from redis_dr.tasks.model.catalog.retention import plan_retention
from redis_dr.tasks.model.catalog.usual import usual_backups
from redis_dr.tasks.model.errors import Damaged, UsageError
from redis_dr.tasks.model.restore.origin_gate import judge_origin
from redis_dr.tasks.model.settings.retention import RetentionSettings
from tests.support.backups import NAME, NOON, manifest

A = Origin(host="a", engine_id="E1", engine_name="a", container=NAME, container_id="1")
B = Origin(host="b", engine_id="E2", engine_name="b", container=NAME, container_id="2")
TWO = RetentionSettings(keep_last=2, keep_hourly=0, keep_daily=0, keep_weekly=0)


def history(origins: Sequence[Origin | None], run_ids: Sequence[str] = ()) -> Catalog:
    """One backup an hour, oldest first, newest now."""
    made = [
        manifest(
            NOON - timedelta(hours=len(origins) - 1 - number),
            origin=origin,
            run_id=run_ids[number] if run_ids else (origin.id if origin else "0" * 40),
        )
        for number, origin in enumerate(origins)
    ]
    return Catalog(NAME, "file:x", tuple(reversed(made)))


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"container_id": "9", "host": "worker-in-a-container"}, True),
        ({"run_ids": ("x",)}, True),
        ({"engine_id": "E9"}, False),
        ({"engine_name": "other"}, False),
        ({"container": "other"}, False),
    ],
)
def test_an_origin_is_the_container_s_name_on_its_engine(
    changes: dict[str, object], same: bool
) -> None:
    """A recreated container, and a worker with another host name, change nothing."""
    assert (A.model_copy(update=changes).id == A.id) == same


def test_another_origin_shuts_the_gate_until_it_is_named() -> None:
    """The case: `restore latest` on A brought B's data."""
    shut = judge_origin(B, A, "")
    assert not shut.ok
    assert f"--origin {B.id}" in shut.detail
    assert "host b" in str(shut.actual)
    assert judge_origin(A, A, "").ok
    assert judge_origin(B, A, B.id).ok
    assert not judge_origin(A, A, B.id).ok
    assert not judge_origin(B, A, A.id).ok


def test_an_unknown_origin_passes_where_nothing_speaks_of_two_servers() -> None:
    """Backups of an older release: safe while one server made them all; it says unknown."""
    gate = judge_origin(None, A, "")
    assert gate.ok
    assert "unknown" in str(gate.actual)
    mixed = mixed_origins(history([None] * 4, ["r1", "r2", "r1", "r2"]))
    assert "run id r1" in mixed
    assert not judge_origin(None, A, "", mixed).ok
    assert judge_origin(None, A, UNKNOWN, mixed).ok
    assert not judge_origin(None, A, B.id, mixed).ok


def test_a_restart_and_a_move_are_no_alternation() -> None:
    """A new run id at each start, and another engine from some day on."""
    assert mixed_origins(history([None] * 5, ["r1", "r1", "r2", "r3", "r3"])) == ""
    assert mixed_origins(history([A, A, B, B])) == ""
    assert mixed_origins(history([None, A, None, A], ["r"] * 4)) == ""


def test_clones_with_one_engine_id_are_told_by_their_run_ids() -> None:
    """A virtual machine that was copied has the same engine ID, and often the same name."""
    assert "run id" in mixed_origins(history([A] * 4, ["r1", "r2", "r1", "r2"]))


def test_check_is_red_for_alternating_origins_and_for_a_night_elsewhere() -> None:
    """And green again eight days after the other host wrote last."""
    seen = history([A, B, A, B])
    both, newest = judge_origins(seen, A, NOON)
    assert not both.ok
    assert A.id in str(both.actual)
    assert B.id in str(both.actual)
    assert not newest.ok
    assert "host b" in str(newest.actual)
    assert all(one.ok for one in judge_origins(history([A, A]), A, NOON))
    late = replace(seen, manifests=(manifest(NOON + timedelta(days=9), origin=A), *seen.manifests))
    assert all(one.ok for one in judge_origins(late, A, NOON + timedelta(days=9)))


def test_a_word_with_an_origin_chooses_among_its_backups() -> None:
    """The newer ones of the other host are passed over, and named."""
    seen = history([A, B])
    assert choose(seen, "latest").origin == B
    mine = choose(seen, "latest", A.id)
    assert mine.origin == A
    skipped = choice_of(seen, "latest", mine, A.id).skipped
    assert list(skipped) == [seen.manifests[0].backup_id]
    assert B.id in skipped[seen.manifests[0].backup_id]
    with pytest.raises(UsageError, match=A.id):
        choose(seen, "latest", "nowhere")


def test_another_host_s_backup_protects_no_flush_and_sets_no_usual() -> None:
    """Its content says nothing of this server's; a host without any is compared with what was."""
    seen = history([A, B])
    assert [one.origin for one in own_backups(seen, A).manifests] == [A]
    after = NOON + timedelta(hours=1)
    assert [one.origin for one in usual_backups(seen, after, A)] == [A]
    assert len(usual_backups(history([A, A]), after, B)) == 2


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([A, B, None]), max_size=14), st.integers(1, 3))
def test_each_origin_keeps_its_places_whatever_the_other_does(
    origins: list[Origin | None], keep: int
) -> None:
    """The newest `keep` of each origin stay, as if the other had never written."""
    seen = history(origins)
    policy = TWO.model_copy(update={"keep_last": keep})
    kept = {one.backup_id for one in plan_retention(seen, policy, NOON).kept}
    for origin in (A, B):
        own = [one for one in seen.manifests if one.origin == origin]
        alone = replace(seen, manifests=tuple(own))
        assert {one.backup_id for one in plan_retention(alone, policy, NOON).kept} <= kept | {
            one.backup_id for one in seen.manifests if one.origin is None
        } or _unknown_took_a_place(seen, own, keep)
    if None not in origins:
        for origin in (A, B):
            own = [one.backup_id for one in seen.manifests if one.origin == origin]
            assert set(own[:keep]) == kept & set(own)


def _unknown_took_a_place(seen: Catalog, own: list[Manifest], keep: int) -> bool:
    """One of unknown origin is newer, and may be the origin's own."""
    first = [one for one in seen.manifests if one.origin is None or one in own][:keep]
    return any(one.origin is None for one in first)


def test_the_manifest_keeps_the_origin_and_reads_without_it() -> None:
    """What an older release wrote has none: unknown."""
    made = manifest(NOON, origin=A)
    assert Manifest.from_json(made.to_json(), "m").origin == A
    assert Manifest.from_json(manifest(NOON).to_json(), "m").origin is None


def test_names_from_a_store_cannot_carry_commands_of_a_terminal() -> None:
    """Such a manifest is damaged; a host with such a name writes another one."""
    odd = "a\x1b[2Jb"
    made = manifest(NOON, origin=A.model_copy(update={"engine_name": odd}))
    with pytest.raises(Damaged):
        Manifest.from_json(made.to_json(), "m")
    assert plain_name(odd) == "a?[2Jb"
    assert Origin(engine_name=plain_name("é" * 400)).engine_name == "?" * 255


def test_the_lineage_names_each_run_once_and_not_all_of_them() -> None:
    """Newest first, the server's own in front."""
    assert lineage("c", ("c", "b", "a")) == ("c", "b", "a")
    assert lineage("d", [str(number) for number in range(9)]) == ("d", "0", "1", "2", "3")
    assert returns("aabbcc") == ""
    assert returns("abca") == "a"
