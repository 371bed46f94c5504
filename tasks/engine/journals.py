"""Find the journals on a container's volumes, in whatever folder they lie."""

import contextlib

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.engine.helper import Helper, ScriptFailed
from redis_dr.tasks.engine.mount_reader import mount_reader
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
    with mount_reader(container, image) as reader:
        code, text = run_in(reader, command, seconds=_SILENCE_SECONDS)
    if code != 0:
        raise ScriptFailed(f"looking for journals of {container.name}: {text}", "see the text")
    return _parsed(text)


def _roots(container: ContainerState) -> list[str]:
    kinds = {"volume", "bind"}
    return [
        mount.destination for mount in container.mounts if mount.writable and mount.kind in kinds
    ]


def _parsed(text: str) -> dict[str, str]:
    parts = text.split("\0")
    return dict(zip(parts[::2], parts[1::2], strict=False))
