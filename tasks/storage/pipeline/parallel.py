"""Blocks worked on in several threads at once, and given in their order, in bounded memory."""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

_THREADS = 2  # that work; a third one reads
_WAITING = 2  # blocks that are ready or being made before their reader asks for them


class InOrder:
    """`work` on each block. Reading the blocks has a thread of its own, too."""

    def __init__(self, blocks: Iterator[bytearray], work: Callable[[bytearray], bytes]) -> None:
        self._blocks = blocks
        self._work = work
        self._coming: queue.Queue[Future[bytes] | None] = queue.Queue(_WAITING)
        self._abandoned = threading.Event()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="stage")
        self._thread = threading.Thread(target=self._read, name="blocks", daemon=True)
        self._thread.start()

    def results(self) -> Iterator[bytes]:
        """What became of each block. Raises what reading or the work raised, in its turn."""
        while (coming := self._coming.get()) is not None:
            yield coming.result()

    def close(self) -> None:
        """Stop; waits for a read that is going on."""
        self._abandoned.set()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _read(self) -> None:
        try:
            for block in self._blocks:
                if not self._offer(self._pool.submit(self._work, block)):
                    return
        except BaseException as error:  # noqa: BLE001 it is raised again where the results are read
            broken: Future[bytes] = Future()
            broken.set_exception(error)
            self._offer(broken)
        self._offer(None)

    def _offer(self, coming: Future[bytes] | None) -> bool:
        """Wait for room; False when nobody reads any more."""
        while not self._abandoned.is_set():
            try:
                self._coming.put(coming, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
