"""The scratch space of a drill: a volume of its own, and a container that never runs.

A restore takes its helper container from the instance's container, a drill from this one. So a
drill does all that a restore does without the instance, and cannot reach the instance.
"""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.confinement import confined
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.errors import NoSuchContainer, NotPossibleNow, engine_errors
from redis_dr.tasks.engine.helper import helper_name, holder_of
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.holder import Holder

LABEL = "redis-dr.drill"
_PULL_SECONDS = 1800
_GRACE_SECONDS = 300  # after which a drill of another machine without the lock is surely over


@dataclass(frozen=True, slots=True)
class ScratchSpec:
    """What to make, and for whom."""

    holder: Holder
    image: str  # as `find_image` gave it
    dir: str  # where the volume is mounted: the server's data directory


def scratch_name(instance: str) -> str:
    """One drill at a time for each instance: the helper of this name is the lock."""
    return f"redis-dr.drill.{instance}"


def server_name(instance: str) -> str:
    """The throwaway server of a drill."""
    return f"{helper_name(scratch_name(instance))}.server"


def find_image(names: Sequence[str], *, pull: bool) -> str:
    """The id of the first image that the engine has, else of the first that it can fetch.

    Raises Unreachable when there is none.
    """
    for name in names:
        with contextlib.suppress(NoSuchContainer), engine_errors(f"looking for image {name}"):
            return str(engine().api.inspect_image(name)["Id"])
    for name in names if pull else ():
        # a bare digest names no place to fetch it from
        if not name.startswith("sha256:"):
            with contextlib.suppress(Unreachable), engine_errors(f"fetching image {name}"):
                return str(engine(_PULL_SECONDS).images.pull(name).id)
    raise Unreachable(
        f"the engine has none of the images {', '.join(names)}, and "
        + ("cannot fetch them" if pull else "may not fetch them"),
        "load the image into the engine, list it in [drill] images, or name another in [drill] "
        "image",
    )


@contextmanager
def scratch(spec: ScratchSpec) -> Iterator[ContainerState]:
    """Make volume and container; both are gone after the block.

    What stands under the name of the lock is not this container: its own name is unique, so that a
    drill that is refused has disturbed nobody.
    """
    place = f"{scratch_name(spec.holder.instance)}.{spec.holder.id}"
    labels = {LABEL: spec.holder.instance, **spec.holder.labels()}
    try:
        yield replace(_make(spec, place, labels), name=scratch_name(spec.holder.instance))
    finally:
        _free_half_made(spec.holder)
        remove_container(place)
        remove_volume(place)


def sweep(instance: str, *, mine: str = "") -> tuple[str, ...]:
    """Remove what dead drills of the instance left; `mine` is the id of the drill that sweeps.

    Returns what was removed. What belongs to a drill that may live stays.
    """
    holder = _held_by(instance)
    removed = _free_names(instance, lock_too=not holder) if holder in {"", mine} else []
    spared = {mine, holder} - {""}
    labelled = {"label": f"{LABEL}={instance}"}
    with engine_errors("looking for what dead drills left"):
        containers = engine().api.containers(all=True, filters=labelled)
        volumes = engine().api.volumes(filters=labelled).get("Volumes") or []
    for one in containers:
        if _left_over(one["Labels"], spared, datetime.fromtimestamp(one["Created"], UTC)):
            remove_container(one["Id"])
            removed.append(one["Names"][0].lstrip("/"))
    for one in volumes:  # last: one that a container uses cannot be removed
        if _left_over(one["Labels"], spared, datetime.fromisoformat(one["CreatedAt"])):
            remove_volume(one["Name"])
            removed.append(f"volume {one['Name']}")
    return tuple(removed)


def free_servers(instance: str) -> None:
    """Remove this drill's throwaway servers; call it while the lock is held.

    A signal may have struck between the making of one and the block that removes it.
    """
    _free_names(instance, lock_too=False)


def remove_container(name: str) -> None:
    """Take it away with its anonymous volumes, if it is there."""
    with contextlib.suppress(NoSuchContainer, NotPossibleNow), engine_errors(f"removing {name}"):
        engine().api.remove_container(name, force=True, v=True)


def remove_volume(name: str) -> None:
    """Take it away, if it is there and nobody uses it."""
    with contextlib.suppress(NoSuchContainer, NotPossibleNow), engine_errors(f"removing {name}"):
        engine().api.remove_volume(name, force=True)


def _make(spec: ScratchSpec, place: str, labels: dict[str, str]) -> ContainerState:
    api = engine().api
    with engine_errors(f"making {place}"):
        api.create_volume(place, labels=labels)
        api.create_container(
            spec.image,
            name=place,
            labels=labels,
            network_disabled=True,
            healthcheck={"test": ["NONE"]},
            host_config=confined(binds=[f"{place}:{spec.dir}"]),
        )
    return inspect(place)


def _free_half_made(holder: Holder) -> None:
    """Hands or a server that a signal struck: the engine made them all the same, and by now it has.

    Hands that were really held are gone by now; those that are still ours had not been taken yet.
    """
    found = holder_of(scratch_name(holder.instance))
    mine = found is not None and found[0].id == holder.id
    if mine or not _held_by(holder.instance):
        _free_names(holder.instance, lock_too=mine)


def _held_by(instance: str) -> str:
    """The id of the drill whose helper holds the scratch volume now, "" when it is gone or dead."""
    found = holder_of(scratch_name(instance))
    if found is None:
        return ""
    holder, status = found
    return holder.id if status == "running" and not holder.surely_dead() else ""


def _left_over(labels: dict[str, str], spared: set[str], created: datetime) -> bool:
    holder = Holder.from_labels(labels or {})
    if holder.id in spared:
        return False
    # of another machine nothing is sure: one that lives holds the lock within a moment
    return holder.surely_dead() or (datetime.now(UTC) - created).total_seconds() > _GRACE_SECONDS


def _free_names(instance: str, *, lock_too: bool) -> list[str]:
    """Hands and throwaway servers carry fixed names: they go when no living drill holds them."""
    lock = helper_name(scratch_name(instance))
    names = (f"{lock}.trial", server_name(instance), *((lock,) if lock_too else ()))
    there = []
    for name in names:
        with contextlib.suppress(NoSuchContainer):
            inspect(name)
            remove_container(name)
            there.append(name)
    return there
