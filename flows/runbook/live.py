"""What the server holds now, as a file on this machine: what `keep` and the epochs need."""

import shutil
from pathlib import Path

from flows.runbook.capture import proven_save
from flows.runbook.hold import Held
from tasks.collecting import Collected
from tasks.fetching import fetch, look_inside
from tasks.model.errors import UnknownRdb
from tasks.model.manifest import Manifest
from tasks.model.pinned import PinnedFile
from tasks.pinning import unpin

_CHUNK = 2**20


def fetch_live(held: Held, safety: Manifest | None, workspace: Path) -> Path | None:
    """From the safety backup if there is one, else by a save; None of a dead server."""
    target = workspace / "live.rdb"
    if safety is not None:
        return fetch(held.instance, safety, safety.rdb, target)
    if held.found.persistence is None:
        return None
    try:
        proven_save(held, lambda pinned: _to_file(held, pinned, target))
    finally:
        unpin(held.hands, held.layout)
    return target


def _to_file(held: Held, pinned: PinnedFile, target: Path) -> Collected:
    with held.hands.open(pinned.path, pinned.size) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    try:
        return Collected(None, look_inside(target, held.instance, 0), None)
    except UnknownRdb as error:
        return Collected(None, None, error.problem)
