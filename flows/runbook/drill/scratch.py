"""A drill holds a ground of its own, never the instance: everything else is as in a restore."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from redis_dr.flows.runbook.operation.operation import Operation
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.helper import hold, holder_of
from redis_dr.tasks.engine.scratch import (
    ScratchSpec,
    find_image,
    free_servers,
    scratch,
    scratch_name,
    sweep,
)
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.drill.images import choose_image
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.progress import Progress, unfailing
from redis_dr.tasks.model.server.holder import Holder
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.connection import ServerConnection, monotonic_deadline

_PAUSE_SECONDS = 1.0
_TRIES = 20  # at a lock for which several drills wait


@contextmanager
def on_scratch_in_turn(
    instance: Instance, manifest: Manifest, operation_id: str, progress: Progress
) -> Iterator[tuple[Operation, tuple[str, ...]]]:
    """`on_scratch`, after another drill of the instance has ended.

    Two schedules may begin in the same minute: the later drill waits, `drill.turn_wait_seconds` at
    most, and is refused then.
    """
    deadline = monotonic_deadline(instance.drill.turn_wait_seconds)
    with ExitStack() as stack:
        for left in reversed(range(_TRIES)):
            _await_end_of_other(instance, deadline, progress)
            try:
                entered = stack.enter_context(
                    on_scratch(instance, manifest, operation_id, progress)
                )
                break
            except Refused:  # a third drill may have been quicker
                if not left or deadline() <= 0:
                    raise
        yield entered


def _await_end_of_other(
    instance: Instance, deadline: Callable[[], float], progress: Progress
) -> None:
    told = ""
    while (other := holder_of(scratch_name(instance.name))) and deadline() > 0:
        holder, status = other
        if holder.surely_dead() or status != "running":
            return
        if holder.id != told:
            told = holder.id
            progress(f"waiting until another drill of {instance.name} ends: {holder}")
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def on_scratch(
    instance: Instance, manifest: Manifest, operation_id: str, progress: Progress
) -> Iterator[tuple[Operation, tuple[str, ...]]]:
    """Make the ground, hold it, clear away what dead drills left (given as the second).

    The survey is that of an instance that does not answer: what a restore then takes from the
    manifest, it takes here. Raises Refused when another drill of the instance runs, Unreachable.
    """
    holder = Holder.this_process("drill", operation_id, instance.name)
    choice = choose_image(manifest, instance.drill)
    image = find_image(choice.names, pull=choice.pull)
    spec = ScratchSpec(holder, image, manifest.persistence.dir)
    with scratch(spec) as container, ExitStack() as stack:
        lease, helper_image = instance.drill.lease_seconds, instance.helper_image or ""
        try:
            helper = stack.enter_context(hold(container, holder, lease, helper_image))
        except NoSuchContainer as error:
            raise Refused(
                f"another drill of {instance.name} cleared this one away: {error.problem}",
                "wait until it ends; one drill of an instance runs at a time",
            ) from error
        swept = sweep(instance.name, mine=operation_id)
        stack.callback(free_servers, instance.name)
        found = Survey(container, silent="a drill asks no instance")
        server = ServerConnection(instance)  # a drill never connects to it
        yield Operation(helper, server, found, manifest.persistence.dir, unfailing(progress)), swept
