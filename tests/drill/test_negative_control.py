"""The negative control: every kind of damage goes red for its own reason, and only damage does."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from redis_dr.flows.runbook.drill.drill import DrillOptions
from redis_dr.flows.runbook.drill.negative_control import (
    ControlChoice,
    ProvenBackup,
    negative_control,
)
from redis_dr.flows.runbook.drill.rehearse import Rehearsal, rehearse
from redis_dr.flows.runbook.drill.scratch import on_scratch
from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.drill.damage import lasting_key
from redis_dr.tasks.model.backup.store_layout import new_backup_id
from redis_dr.tasks.model.drill.damage import DAMAGES, choose_damage
from redis_dr.tasks.model.drill.drill_findings import judge_control
from redis_dr.tasks.model.drill.drill_report import Control
from redis_dr.tasks.model.progress import quiet
from redis_dr.tasks.rdb import entries
from tests.support.drill_case import DrillCase


@pytest.fixture(scope="module")
def rehearsed(
    made: DrillCase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Operation, Rehearsal, Path]]:
    """A ground with a good restore on it: what every control starts from."""
    workspace = tmp_path_factory.mktemp("control")
    manifest = made.manifest
    name = new_backup_id(manifest.created_at)
    with on_scratch(made.instance, manifest, name, quiet) as (operation, _):
        yield operation, rehearse(operation, manifest, workspace), workspace


@pytest.mark.parametrize("turn", range(len(DAMAGES)), ids=[one.kind for one in DAMAGES])
def test_every_damage_goes_red_and_names_itself(
    turn: int, made: DrillCase, rehearsed: tuple[Operation, Rehearsal, Path], tmp_path: Path
) -> None:
    """Through the same steps as the drill itself."""
    operation, rehearsal, workspace = rehearsed
    assert rehearsal.inventory is not None
    rdb = tmp_path / "fetched.rdb"
    rdb.write_bytes((workspace / "fetched.rdb").read_bytes())

    backup = ProvenBackup(made.manifest, rdb, workspace / "placed.rdb")
    control = negative_control(operation, backup, ControlChoice(turn, seed=turn))

    assert control.kind == DAMAGES[turn].kind
    assert control.red, control
    assert control.named, control


def test_the_damage_is_another_one_each_time() -> None:
    """As many drills in a row as there are kinds see each of them once."""
    kinds = [
        choose_damage(turn, has_keys=True, has_checksum=True).kind for turn in range(len(DAMAGES))
    ]

    assert len(set(kinds)) == len(DAMAGES)


def test_an_empty_backup_gets_no_damage_that_nobody_can_see() -> None:
    """Nothing can be lost of nothing: those turns take another kind."""
    for turn in range(20):
        assert not choose_damage(turn, has_keys=False, has_checksum=True).needs_keys


@pytest.mark.parametrize(("red", "named"), [(False, False), (True, False)])
def test_a_control_that_passes_fails_the_drill(red: bool, named: bool) -> None:
    """A copy that was called proven, or that went red for another reason, is a bad finding."""
    control = Control(kind="a flipped bit", seed=1, red=red, named=named, cause="")

    assert not judge_control(control).ok


def test_the_drill_is_asked_for_its_control_by_default() -> None:
    """Leaving it out takes a word on the command line or in the configuration."""
    assert DrillOptions().control


def test_the_key_is_chosen_from_the_file(
    rehearsed: tuple[Operation, Rehearsal, Path],
) -> None:
    """
    The same seed gives the same key, another one another, and all of them are in the file without
    an expiry; redis-py is not asked, and no chance of the server decides.
    """
    placed = rehearsed[2] / "placed.rdb"
    with placed.open("rb") as source:
        lasting = {(each.db, each.key) for each in entries(source) if each.expire_at_ms is None}
    chosen = [lasting_key(placed, seed) for seed in range(40)]

    assert chosen == [lasting_key(placed, seed) for seed in range(40)]
    assert {(key.db, key.key) for key in chosen if key} <= lasting
    assert None not in chosen
    assert len(set(chosen)) > 1


def test_one_lasting_key_among_many_is_found(tmp_path: Path) -> None:
    """
    Of a thousand keys one has no expiry: it is chosen, where a thousand random tries missed it.
    Without it there is no key to damage.
    """
    for lasting in (b"lasting", None):
        path = tmp_path / f"{lasting}.rdb"
        path.write_bytes(rdb_of_expiring_keys(1000, lasting))
        key = lasting_key(path, 1)
        assert (key.key if key else None) == lasting


def rdb_of_expiring_keys(count: int, lasting: bytes | None) -> bytes:
    """As Redis writes it, version 7, without a checksum."""

    def text(value: bytes) -> bytes:
        return bytes([len(value)]) + value

    later = struct.pack("<Q", 4_000_000_000_000)
    rows = [b"\xfc" + later + b"\x00" + text(b"k%d" % n) + text(b"v") for n in range(count)]
    if lasting:
        rows.insert(count // 2, b"\x00" + text(lasting) + text(b"v"))
    return b"REDIS0007\xfe\x00" + b"".join(rows) + b"\xff" + bytes(8)
