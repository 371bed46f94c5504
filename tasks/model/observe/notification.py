"""The outcome of one run as others hear it, and who has to hear it."""

from dataclasses import dataclass

from redis_dr.tasks.model.settings.notify import NotifySettings

_HEARTBEAT_AFTER = frozenset({"backup", "nightly"})  # the runs that a dead man's switch waits for


@dataclass(frozen=True, slots=True)
class Notification:
    """The outcome of one run in one line. It holds no secret."""

    instance: str
    operation: str
    outcome: str  # succeeded | failed | crashed | cancelled
    line: str
    run: str = ""  # its name under Prefect; "" from the command line
    url: str = ""  # of the run in the UI

    @property
    def succeeded(self) -> bool:
        """Whether the run did its work; nobody has to act then."""
        return self.outcome == "succeeded"

    @property
    def is_heartbeat(self) -> bool:
        """Whether a dead man's switch waits for this run."""
        return self.succeeded and self.operation in _HEARTBEAT_AFTER

    def is_wanted(self, settings: NotifySettings) -> bool:
        """Whether the webhook and the blocks get it."""
        return not self.succeeded or settings.when == "always"
