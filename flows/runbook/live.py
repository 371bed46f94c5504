"""What the server holds now, as a file on this machine: what `keep` and the epochs need."""

import shutil
from pathlib import Path

from flows.runbook.hold import Held
from tasks.fetching import fetch
from tasks.model.manifest import Manifest
from tasks.pinning import pin_rdb, unpin
from tasks.snapshot import take_snapshot

_CHUNK = 2**20


def fetch_live(held: Held, safety: Manifest | None, workspace: Path) -> Path | None:
    """From the safety backup if there is one, else by a save; None of a dead server."""
    target = workspace / "live.rdb"
    if safety is not None:
        return fetch(held.instance, safety, safety.rdb, target)
    if held.found.persistence is None:
        return None
    take_snapshot(held.instance)
    pinned = pin_rdb(held.hands, held.layout, held.found.persistence)
    with held.hands.open(pinned.path, pinned.size) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    unpin(held.hands, held.layout)
    return target
