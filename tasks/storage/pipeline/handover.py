"""Hand items from one thread to another: in order, a bounded number ahead, with the error if any.

The one place where a stage of a pipeline meets its thread.
"""

import queue
import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_LOOK_SECONDS = 0.1  # how soon a giver that waits for room sees that its taker is gone


class AbandonedError(OSError):
    """The taker takes nothing more."""


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


class Handover(Generic[_Item]):
    """One thread gives, one other thread takes."""

    def __init__(self, ahead: int) -> None:
        """At most `ahead` items wait; then the giver waits."""
        self._queue: queue.Queue[_Item | _End] = queue.Queue(ahead)
        self._abandoned = threading.Event()
        self._end: _End | None = None

    def give(self, item: _Item) -> None:
        """Hand over the next item. Raises AbandonedError when nobody takes any more."""
        self._put(item)

    def end(self, error: BaseException | None = None) -> None:
        """No more items come. The taker gets the error in its turn, after all items."""
        try:
            self._put(_End(error))
        except AbandonedError:
            return

    def take(self) -> _Item | None:
        """The next item, None at the end. Raises the giver's error at the end, each time."""
        if self._end is None:
            item = self._queue.get()
            if not isinstance(item, _End):
                return item
            self._end = item
        if self._end.error is not None:
            raise self._end.error
        return None

    def abandon(self) -> None:
        """Take nothing more: the giver is told at its next item."""
        self._abandoned.set()

    @property
    def abandoned(self) -> bool:
        """Whether the taker takes nothing more."""
        return self._abandoned.is_set()

    def _put(self, item: "_Item | _End") -> None:
        while not self._abandoned.is_set():
            try:
                return self._queue.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
        raise AbandonedError
