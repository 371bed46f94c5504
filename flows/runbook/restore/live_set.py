"""What the server holds now, as a file on this machine: what `keep` and the epochs need."""

import shutil
from pathlib import Path

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.flows.runbook.operation.save import proven_save, save_gates
from redis_dr.tasks.backup.link import remove_links
from redis_dr.tasks.backup.upload import UploadResult
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.snapshot import LinkedFile
from redis_dr.tasks.model.errors import UnknownRdb
from redis_dr.tasks.model.report import require
from redis_dr.tasks.restore.download import fetch, look_inside
from redis_dr.tasks.restore.epoch_guard import has_epochs

_CHUNK = 2**20


def fetch_live(operation: Operation, safety: Manifest | None, workspace: Path) -> Path | None:
    """From the safety backup if there is one, else by a save.

    None of a dead server, and when nothing of the live set could come into what is placed. Without
    a safety backup the save is made all the same: that it arrives on the volume proves that the
    server at the url is the one in the container.
    """
    target = workspace / "live.rdb"
    if operation.survey.persistence is None:
        return None
    if safety is not None:
        if not _matters(operation):
            return None
        return fetch(operation.instance, safety, safety.rdb, target)
    require(save_gates(operation), "save")
    return save_to_file(operation, target)


def save_to_file(operation: Operation, target: Path) -> Path:
    """What the server holds, by a save that is proven to be ours. Raises SaveFailed."""
    try:
        proven_save(operation, lambda link: _to_file(operation, link, target))
    finally:
        remove_links(operation.helper, operation.layout)
    return target


def _matters(operation: Operation) -> bool:
    instance = operation.instance
    databases = any(one.on_restore == "keep" for one in instance.databases.values())
    rules = any(rule.action == "keep" for rule in instance.keys)
    return databases or rules or has_epochs(operation.server)


def _to_file(operation: Operation, link: LinkedFile, target: Path) -> UploadResult:
    with operation.helper.open(link.path, link.size) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK)
    try:
        return UploadResult(None, look_inside(target, operation.instance, 0), None)
    except UnknownRdb as error:
        return UploadResult(None, None, error.problem)
