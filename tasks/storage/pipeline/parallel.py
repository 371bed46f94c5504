"""Blocks worked on in several threads at once, and given in their order, in bounded memory."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from redis_dr.tasks.storage.pipeline.handover import AbandonedError, Handover

_THREADS = 2  # that work; a third one reads
_WAITING = 2  # blocks that are ready or in work before their reader asks for them


class InOrder:
    """`work` on each block. Reading the blocks has a thread of its own, too."""

    def __init__(self, blocks: Iterator[bytearray], work: Callable[[bytearray], bytes]) -> None:
        self._blocks = blocks
        self._work = work
        self._results: Handover[Future[bytes]] = Handover(_WAITING)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="stage")
        self._thread = threading.Thread(target=self._read, name="blocks", daemon=True)
        self._thread.start()

    def results(self) -> Iterator[bytes]:
        """The result for each block. Raises what reading or the work raised, in its turn."""
        while (result := self._results.take()) is not None:
            yield result.result()

    def close(self) -> None:
        """Stop; waits for a read that is going on."""
        self._results.abandon()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _read(self) -> None:
        try:
            for block in self._blocks:
                self._results.give(self._pool.submit(self._work, block))
        except AbandonedError:
            return
        except BaseException as error:  # noqa: BLE001 it is raised again where the results are read
            self._results.end(error)
        else:
            self._results.end()
