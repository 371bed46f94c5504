"""Whether a dead operation left something on an instance; looks, and never takes the hands."""

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.files import has_file
from redis_dr.tasks.engine.helper import holder_of
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.step import step


@step
def unfinished_operation(instance: Instance) -> str:
    """What is there to recover, in words; empty when nothing is, or when its holder lives.

    A janitor that took the hands to look would be in the way of the nightly backup.
    Raises Unreachable.
    """
    operation = holder_of(instance.container)
    if operation is not None:
        holder, status = operation
        if status != "running":
            return f"the hands of {holder} have ended"
        return f"{holder} is dead" if holder.surely_dead() else ""
    for mount in inspect(instance.container).mounts:
        journal = Layout(mount.destination, "").journal
        if mount.writable and has_file(instance.container, journal):
            return f"{journal} tells of an operation that did not end"
    return ""
