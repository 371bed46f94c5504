"""What the engine itself reports of each container that starts, while it runs."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.errors import NotFound


@dataclass
class Seen:
    """Descriptions by container name; a name may start more than once."""

    started: list[dict[str, Any]] = field(default_factory=list)

    def of(self, ending: str, argument: str = "") -> dict[str, Any]:
        """The newest with this end of its name, and this text in its arguments."""
        return [
            each
            for each in self.started
            if each["Name"].rstrip("0123456789abcdef").endswith(ending)
            and any(argument in word for word in each["Args"])
        ][-1]


@contextlib.contextmanager
def containers_seen(engine: docker.DockerClient) -> Iterator[Seen]:
    """Watch until the block ends."""
    seen = Seen()
    events = engine.events(decode=True, filters={"type": "container", "event": "start"})

    def watch() -> None:
        for event in events:
            with contextlib.suppress(NotFound):
                seen.started.append(engine.api.inspect_container(event["id"]))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        events.close()
        watcher.join(10)
