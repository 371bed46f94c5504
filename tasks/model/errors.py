"""Every error that redis-dr raises on purpose; the one place that maps them to exit codes.

RedisDrError            1  the run is over and its verdict is bad
├── SaveFailed          1  the server could not save, or the save is not ours
├── UsageError          2  wrong usage or configuration
├── Refused             3  a guard said no (confirmation, lock, policy)
│   └── Fenced          3  another operation took this one's right to write
├── Unreachable         4  the instance or the engine does not answer
│   ├── NotReady        4  it may answer a little later: refused, timed out, loading
│   └── CircuitOpen     4  it failed too often in a row and is left alone for a while
├── StoreError          5  the store does not answer, or refuses
│   └── StoreForbids    5  it answers, and does not allow this: a permission, a lock, read-only
├── Damaged             6  stored data is not what was written
│   └── RdbError        6  an RDB file breaks its own format
│       └── UnknownRdb  6  an RDB file uses what this program does not know
└── ServiceError        1  the service that a warm-up asks refuses
    └── ServiceDown     1  it may answer a little later: refused, timed out, 429, 5xx

Interrupted           130  a person or a signal stopped the run; it passes every handler
"""

from typing import ClassVar


class _Problem(BaseException):
    """What happened, and what to do next. Both texts stay in `args`, so that it pickles."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\nWhat to do: {self.remedy}"

    @property
    def in_one_line(self) -> str:
        """What happened, and what to do, without a line break."""
        return " ".join(f"{self.problem}. What to do: {self.remedy}".split())


class RedisDrError(_Problem, Exception):
    """An error of ours, on purpose."""

    transient: bool = False  # may the very same call succeed a little later?


class SaveFailed(RedisDrError):
    """The server could not save, or the file is not the save that was asked for."""


class UsageError(RedisDrError):
    """The command or the configuration is wrong; nothing was touched."""

    exit_code = 2


class Refused(RedisDrError):
    """A guard refused; nothing was touched."""

    exit_code = 3


class Fenced(Refused):
    """This operation was declared dead and another took over; it must not write any more."""


class Unreachable(RedisDrError):
    """The Redis instance or the Docker engine does not answer as it should."""

    exit_code = 4


class NotReady(Unreachable):
    """The instance may answer a little later: it refused, timed out, or is loading."""

    transient = True


class CircuitOpen(Unreachable):
    """A service failed too often in a row and is left alone for a while."""


class StoreError(RedisDrError):
    """The object store does not answer, or refuses."""

    exit_code = 5


class StoreForbids(StoreError):
    """The store answers and does not allow this: a permission, a lock, a read-only mount."""


class TransientStoreError(StoreError):
    """The store failed in a way that often passes: a reset, a 503, a time-out."""

    transient = True


class Damaged(RedisDrError):
    """Stored data is missing, or not what was written."""

    exit_code = 6


class RdbError(Damaged):
    """An RDB file breaks its own format. `problem` names the byte offset and the database."""


class UnknownRdb(RdbError):
    """An RDB file holds a type, opcode or version that this program does not know."""


class ServiceError(RedisDrError):
    """The service that a warm-up asks refuses, or answers that it failed."""


class ServiceDown(ServiceError):
    """The service may answer a little later: it refused, timed out, or answered 429 or 5xx."""

    transient = True
    overloaded: bool = False  # it said itself that it is asked too much: 429
    absent: bool = False  # nobody took the connection
    retry_after_seconds: float = 0.0  # that it asked for


class Interrupted(_Problem):
    """A person or a signal stopped the run.

    A signal may raise it anywhere. So it is no RedisDrError: a step that goes on after an error of
    ours, because the work does not depend on it, must not go on after this.
    """

    exit_code = 130
