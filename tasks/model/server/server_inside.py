"""The server in the instance's container, seen from within the container."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerInside:
    """How it is told from another server that answers at the same url."""

    run_id: str = ""  # as a client in the container reads it; "": it could not ask
    started_at: float | None = None  # Unix seconds, of the process that the url's server names
    unknown: str = ""  # why there is no run_id
