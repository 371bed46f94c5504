"""The owner's sign of life: a counter that a thread writes into the hands again and again."""

import io
import threading

from tasks.engine.archive import Owner, write_to_container
from tasks.model.errors import Unreachable

BEAT_FILE = "/.redis-dr-beat"
_READABLE = Owner(0, 0, 0o644)  # a sandbox does not run as root


class Heartbeat:
    """Beats every `seconds` until `stop`; a beat that fails is tried again at the next."""

    def __init__(self, container_id: str, seconds: float) -> None:
        self._container_id, self._seconds = container_id, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="redis-dr-heartbeat", daemon=True)

    def start(self) -> None:
        """The first beat is made before this returns."""
        self.beat(0)
        self._thread.start()

    def stop(self) -> None:
        """Returns when no further beat can be made."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def beat(self, number: int) -> None:
        """Write one beat. A counter, not a time: no clock can make a dead owner look alive."""
        data = str(number).encode()
        write_to_container(self._container_id, BEAT_FILE, io.BytesIO(data), len(data), _READABLE)

    def _run(self) -> None:
        number = 1
        while not self._ended.wait(self._seconds):
            try:
                self.beat(number)
            except Unreachable:  # gone, or the engine is busy: the next call of the owner will tell
                continue
            finally:
                number += 1
