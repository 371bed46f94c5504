"""What of a restore can fail, done before anything stops: fetch, check, filter, judge."""

import time
from dataclasses import dataclass
from pathlib import Path

from flows.runbook.hold import Held
from tasks.fetching import agrees, fetch, look_inside
from tasks.image import image_server
from tasks.model.inventory import Inventory
from tasks.model.manifest import Manifest, Persistence
from tasks.model.report import Finding
from tasks.model.restore_gates import Facts, restore_gates
from tasks.model.restore_options import RestoreOptions
from tasks.model.target import Target, target_of
from tasks.rdb import SpliceResult
from tasks.replaying import Replay, replay, require_aof
from tasks.splicing import apply_policy, splice_plan
from tasks.surveying import free_bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be placed, and whether it may be."""

    manifest: Manifest
    fetched: Path
    placed: Path
    inventory: Inventory
    spliced: SpliceResult
    target: Target
    findings: tuple[Finding, ...]


def download(
    held: Held, manifest: Manifest, options: RestoreOptions, workspace: Path
) -> tuple[Path, Inventory]:
    """The backup's RDB on this machine, every hash checked, and what is inside.

    From the AOF: the append directory, replayed by a throwaway server of the instance's image.
    """
    held.say(f"fetching {manifest.backup_id} ({manifest.stored_size:,} bytes)")
    with held.timings.measure("fetch"):
        fetched = _fetched(held, manifest, options, workspace)
    with held.timings.measure("inspect"):
        return fetched, look_inside(fetched, held.instance, _now_ms())


def _fetched(held: Held, manifest: Manifest, options: RestoreOptions, workspace: Path) -> Path:
    if options.source == "rdb":
        return fetch(held.instance, manifest, manifest.rdb, workspace / "fetched.rdb")
    files = require_aof(manifest)
    paths = [fetch(held.instance, manifest, one, workspace / one.name) for one in files]
    held.say("replaying the append-only files")
    return replay(
        held.hands, Replay(held.found.container, held.layout, tuple(paths)), held.instance
    )


def prepare(
    held: Held,
    manifest: Manifest,
    options: RestoreOptions,
    files: tuple[Path, Inventory, Path | None],
) -> Prepared:
    """Apply the policies and judge every gate. `files`: the RDB, what is inside, the live RDB."""
    fetched, inventory, live = files
    placed = fetched.with_name("placed.rdb")
    held.say("applying the policies")
    with held.timings.measure("policy"):
        plan = splice_plan(held.instance, manifest, options, (_now_ms(), live is not None))
        spliced = apply_policy(fetched, placed, plan, live)
    target = target_of(held.found.container, _persistence(held, manifest))
    facts = _facts(held, manifest, target, placed.stat().st_size)
    same = agrees(manifest, inventory) if options.source == "rdb" else ()
    findings = (*same, *restore_gates(facts))
    return Prepared(manifest, fetched, placed, inventory, spliced, target, findings)


def _facts(held: Held, manifest: Manifest, target: Target, size: int) -> Facts:
    server, version = image_server(held.hands)
    return Facts(
        found=held.found,
        target=target,
        manifest=manifest,
        # the staged file, and what the trial saves beside it
        needed=size * 2,
        free=free_bytes(held.hands, target.dir),
        image_version=version,
        image_server=server,
    )


def _persistence(held: Held, manifest: Manifest) -> Persistence:
    # a dead server cannot be asked: what it used when it was backed up, in the folder seen now
    if held.found.persistence is not None:
        return held.found.persistence
    return manifest.persistence.model_copy(update={"dir": held.dir})


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
