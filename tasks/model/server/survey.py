"""What was there before an operation began: the container, and the server when it answers."""

import re
from dataclasses import dataclass
from datetime import datetime

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
    refuses: bool = False  # a server is there, and serves nobody new: a script, too many clients
    started_at: float | None = None  # the server's own start by its clock, Unix seconds

    @property
    def answers(self) -> bool:
        """Whether the server serves."""
        return self.info is not None

    @property
    def entrypoint_seconds(self) -> float | None:
        """From the start of the container to that of the server in it; None when not known."""
        if not self.container.started_at or self.started_at is None:
            return None
        # the engine writes nanoseconds, which datetime does not read
        begun = datetime.fromisoformat(re.sub(r"\.\d+", "", self.container.started_at))
        return round(self.started_at - begun.timestamp(), 1)
