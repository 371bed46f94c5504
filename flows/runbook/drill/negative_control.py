"""The negative control: a damaged copy is restored in the same way, and must be rejected."""

import random
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from redis_dr.flows.runbook.drill.rehearse import Meddling, rehearse
from redis_dr.flows.runbook.drill.start import DrillStart
from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.drill.damage import (
    LastingKey,
    copy_backup,
    damage_copy,
    damage_server,
    damage_volume,
    in_store,
    lasting_key,
)
from redis_dr.tasks.engine.sandbox import SandboxFailed
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.drill.damage import Damage, choose_damage
from redis_dr.tasks.model.drill.drill_report import Control
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.progress import quiet
from redis_dr.tasks.model.report import describe
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.step import step


@dataclass(frozen=True, slots=True)
class ProvenBackup:
    """The backup that the drill has just proven."""

    manifest: Manifest
    rdb: Path
    placed: Path  # what the policies made of it
    start: DrillStart | None = None


@dataclass(frozen=True, slots=True)
class ControlChoice:
    """Which damage is done, and how; the same choice damages the same way."""

    turn: int  # chooses the kind of damage
    seed: int


@step
def negative_control(operation: Operation, backup: ProvenBackup, choice: ControlChoice) -> Control:
    """Damage a copy of the backup, restore the copy, and require that the drill rejects it.

    Raises ControlNotMade and Refused when the damage or its restore could not be made, Unreachable
    and StoreError: then the drill has no control.
    """
    manifest, rdb = backup.manifest, backup.rdb
    key = lasting_key(backup.placed, choice.seed)
    checksum = manifest.persistence.rdbchecksum
    damage = choose_damage(choice.turn, has_keys=key is not None, has_checksum=checksum)
    operation.progress(f"negative control: {damage.kind}")
    workspace = rdb.with_name("control")
    workspace.mkdir()
    copy = copy_backup(rdb, manifest, workspace / "store")
    dice = random.Random(choice.seed)  # noqa: S311 repeatable on purpose, not a secret
    copy = damage_copy(copy, damage, rdb, dice)
    server = ServerConnection(in_store(operation.instance, copy))
    apart = replace(operation, server=server, progress=quiet, timings=Timings())
    meddling = _meddling(damage, dice, key)
    with operation.timings.measure("control"):
        damaged = replace(backup, manifest=copy.manifest)
        red, cause = _outcome(apart, damaged, workspace, meddling)
    named = red and any(text in cause for text in damage.shows)
    return Control(kind=damage.kind, seed=choice.seed, red=red, named=named, cause=cause)


def _outcome(
    operation: Operation, damaged: ProvenBackup, workspace: Path, meddling: Meddling
) -> tuple[bool, str]:
    try:
        rehearsal = rehearse(operation, damaged.manifest, workspace, meddling, damaged.start)
    except (Damaged, SandboxFailed) as error:
        return True, error.problem
    bad = [finding for finding in rehearsal.findings if not finding.ok]
    texts = (f"{describe(finding)} {finding.detail}".strip() for finding in bad)
    return bool(bad), "; ".join((*texts, *rehearsal.examples))


def _meddling(damage: Damage, dice: random.Random, key: LastingKey | None) -> Meddling:
    if damage.place == "volume":
        return Meddling(volume=partial(damage_volume, damage=damage, dice=dice))
    if damage.place == "server" and key is not None:
        return Meddling(server=partial(damage_server, target=key, damage=damage))
    return Meddling()
