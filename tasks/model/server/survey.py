"""What was there before an operation began: the container, and the server when it answers."""

from dataclasses import dataclass

from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.server_info import ServerInfo


@dataclass(frozen=True, slots=True)
class Survey:
    """The instance at one moment."""

    container: ContainerState
    info: ServerInfo | None = None  # None: the server does not answer; `silent` says why
    persistence: Persistence | None = None
    silent: str = ""
    started_at: float | None = None  # the server's own start by its clock, Unix seconds

    @property
    def answers(self) -> bool:
        """Whether the server serves."""
        return self.info is not None
