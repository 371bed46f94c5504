"""Strike exactly one HTTP request, the Nth: for sweeps that fail every store call in turn."""

from collections.abc import Callable

from tests.support.fault_proxy import Fault, FaultProxy

_VERBS = (b"GET /", b"PUT /", b"POST /", b"HEAD /", b"DELETE /")


class NthRequest(FaultProxy):
    """Counts requests; at the Nth a fault strikes, or something is called first."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.requests = 0
        self._at = 0
        self._what: Fault | Callable[[], None] | None = None
        self._onward = False

    def arm(self, at: int, what: Fault | Callable[[], None], *, onward: bool = False) -> None:
        """Count from now on, and strike the request of this number (from 1), or it and all after.

        "refuse" begins at that request and lasts: nobody listens any more.
        """
        self.heal()
        self.requests, self.struck, self._at, self._what = 0, 0, at, what
        self._onward = onward
        if isinstance(what, Fault) and what.kind == "refuse":
            self._what = lambda: self.inject(what)

    def strike(self, chunk: bytes) -> Fault | None:
        """The fault for a chunk that begins a request, if it is that request's turn."""
        if not chunk.startswith(_VERBS):
            return None
        with self._lock:
            self.requests += 1
            reached = self.requests == self._at or (self._onward and self.requests > self._at > 0)
            struck = reached and self._what is not None
        if not struck:
            return None
        self.struck += 1
        if callable(self._what):
            self._what()
            return Fault("blackhole")  # who was killed gets no answer
        return self._what
