"""Find the journals on a container's volumes, in whatever folder they lie."""

import contextlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import NoSuchContainer, NotPossibleNow, engine_errors
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.server.container import ContainerState

# path and text, each ended by a NUL: no name and no JSON text holds one
_FIND = r"""
each='for file; do printf "%s\0" "$file"; cat "$file"; printf "\0"; done'
for root in "$@"; do
  find "$root" -path '*/.redis-dr/journal.json' -type f -exec sh -c "$each" sh {} + 2>/dev/null || :
done
"""
_SILENCE_SECONDS = 300  # a big volume is searched without a word
_LOOK_SECONDS = "600"  # after that a forgotten container ends, and the engine removes it


def journals_by_helper(helper: Helper, container: ContainerState) -> dict[str, str]:
    """Path and text of every journal on the container's writable mounts."""
    return _parsed(helper.run(_FIND, *_roots(container)))


def journals_on(container: ContainerState, image: str = "") -> dict[str, str]:
    """The same without the lock: in the container where it runs, else in one beside it.

    `image` is the one of the helper container, "" the container's own. Raises Unreachable.
    """
    command = ["sh", "-euc", _FIND, "redis-dr", *_roots(container)]
    if container.running:
        with contextlib.suppress(Unreachable):
            code, text = run_in(container.id, command, seconds=_SILENCE_SECONDS)
            if code == 0:
                return _parsed(text)
    with _beside(container, image) as container_id:
        code, text = run_in(container_id, command, seconds=_SILENCE_SECONDS)
    if code != 0:
        raise ScriptFailed(f"looking for journals of {container.name}: {text}", "see the text")
    return _parsed(text)


@contextmanager
def _beside(container: ContainerState, image: str) -> Iterator[str]:
    """A container that sees the volumes read-only, has no network, and runs nothing."""
    api, name = engine().api, f"{container.name}.redis-dr.look-{secrets.token_hex(3)}"
    with engine_errors(f"looking at the volumes of {container.name}"):
        answer = api.create_container(
            image or container.image_id,
            name=name,
            entrypoint=["sleep", _LOOK_SECONDS],
            command=[],
            user="0",
            network_disabled=True,
            healthcheck={"test": ["NONE"]},
            host_config=api.create_host_config(
                volumes_from=[f"{container.id}:ro"], network_mode="none", auto_remove=True
            ),
        )
    container_id = str(answer["Id"])
    try:
        with engine_errors(f"looking at the volumes of {container.name}"):
            api.start(container_id)
        yield container_id
    finally:
        # gone already, or just going: both are what was wanted
        with (
            contextlib.suppress(NoSuchContainer, NotPossibleNow),
            engine_errors(f"removing {name}"),
        ):
            api.remove_container(container_id, force=True)


def _roots(container: ContainerState) -> list[str]:
    kinds = {"volume", "bind"}
    return [
        mount.destination for mount in container.mounts if mount.writable and mount.kind in kinds
    ]


def _parsed(text: str) -> dict[str, str]:
    parts = text.split("\0")
    return dict(zip(parts[::2], parts[1::2], strict=False))
