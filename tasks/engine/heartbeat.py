"""The owner's sign of life: a counter that a thread writes into the container again and again."""

import threading

from redis_dr.tasks.engine.client import TIMEOUT_SECONDS
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.errors import Unreachable

_LEAST_PATIENCE = 3.0  # seconds
BEAT_FILE = "/.redis-dr-beat"
_BEAT = f'umask 022; echo "$1" > {BEAT_FILE}'  # a sandbox that reads it does not run as root


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

    def beat(self, number: int, seconds: float = TIMEOUT_SECONDS) -> None:
        """Write one beat. A counter, not a time: no clock can make a dead owner look alive."""
        command = ["sh", "-c", _BEAT, "beat", str(number)]
        run_in(self._container_id, command, seconds=seconds)

    def _run(self) -> None:
        number = 1
        # an answer that never comes may cost one beat, and not the lease
        patience = max(self._seconds, _LEAST_PATIENCE)
        while not self._ended.wait(self._seconds):
            try:
                self.beat(number, patience)
            except Unreachable:  # gone, or the engine is busy: the owner's next call shows which
                continue
            finally:
                number += 1
