"""A file in a container that may be stopped, and its owner and mode."""

from dataclasses import dataclass

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.errors import NoSuchContainer, engine_errors


def has_file(container: str, path: str) -> bool:
    """Whether it is there. For small files: the engine packs it up. Raises Unreachable."""
    try:
        with engine_errors(f"looking for {path} in {container}"):
            chunks, _ = engine().api.get_archive(container, path)
            for _ in chunks:  # to the end: an archive that is not read keeps the container locked
                pass
    except NoSuchContainer:  # the engine's 404 is for a missing file, too
        return False
    return True


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a file belongs to, as numbers: names differ between images."""

    uid: int
    gid: int
    mode: int = 0o600
