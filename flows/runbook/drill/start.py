"""What a drill boots: the instance's own start, where its container is on this engine."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.exec import ScriptFailed
from redis_dr.tasks.engine.mount_reader import mount_reader
from redis_dr.tasks.engine.own_start import OwnStart
from redis_dr.tasks.engine.scratch import LABEL, server_name
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.restore.next_start_gates import Ahead
from redis_dr.tasks.model.server.next_start import parsed_start
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.throwaway import memory_for
from redis_dr.tasks.observe.next_start import (
    StartQuestion,
    ask_start,
    collected_files,
    start_with,
)


@dataclass(frozen=True, slots=True)
class DrillStart:
    """What the restart of the instance would bring, and how to make that start here."""

    ahead: Ahead
    own: OwnStart | None = None  # None: it cannot be made here; the manifest's settings are booted


def recorded_start(manifest: Manifest, why: str) -> DrillStart:
    """Only what the manifest recorded is known: what ran at the backup, and its start line."""
    recorded = manifest.persistence.settings()
    return DrillStart(Ahead(recorded, parsed_start(manifest.start_line, "", why)))


@contextmanager
def drill_start(operation: Operation, manifest: Manifest) -> Iterator[DrillStart]:
    """The start of the instance's container on the drill's volume; its mounts are only read."""
    with ExitStack() as opened:
        try:
            start = _own_start(operation, manifest, opened)
        except (Unreachable, ScriptFailed) as error:
            start = recorded_start(
                manifest, f"the drill boots what the manifest recorded: {error.problem}"
            )
        yield start


def _own_start(operation: Operation, manifest: Manifest, opened: ExitStack) -> DrillStart:
    instance, place = operation.instance, operation.survey.container
    container = inspect(instance.container)
    if container.image_id != place.image_id:
        why = "the drill boots what the manifest recorded: its image is not that of the container"
        return recorded_start(manifest, why)
    recorded = manifest.persistence.settings()
    with mount_reader(container, instance.helper_image or "") as reader:
        question = StartQuestion(
            instance=instance,
            survey=Survey(container),
            folder=operation.dir,
            reader=reader,
            running=recorded,
            name=server_name(instance.name),
        )
        files = opened.enter_context(collected_files(question))
        start, limit = ask_start(question, files), container.memory_limit
        ahead, own = Ahead(recorded, start, memory_limit=limit), start_with(question, files)
    if not ahead.start.known:
        return DrillStart(ahead)
    if ahead.start.login == "refused" and not own.login.environment:
        why = "the container's own start demands a password, and none is configured here"
        return recorded_start(manifest, why)
    limit = instance.drill.memory_limit or container.memory_limit
    own = replace(
        own,
        volume=(place.mounts[0].name, operation.dir),
        lease_seconds=instance.drill.lease_seconds,
        beside=operation.helper.id,
        memory=memory_for(manifest.memory, limit),
        labels=((LABEL, instance.name),),
        login=replace(own.login, renamed=ahead.start.renamed),
    )
    return DrillStart(ahead, own)
