"""How much memory a throwaway server needs, may take, and what its host must keep. Bytes."""

import re
from dataclasses import dataclass

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.units import size

_FLOOR = 256 * 2**20  # that a server may take beside its data
_EMPTY_LIMIT = 512 * 2**20  # of a start without data: modules take some
_LEAST = 32 * 2**20  # that a server needs beside its data
_RESERVE = 64 * 2**20  # that stays free on the host
_AVAILABLE = re.compile(r"^MemAvailable:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a throwaway server needs at least, and the limit that it gets."""

    needed: int
    limit: int


def memory_for(data: int, limit: int = 0) -> Memory:
    """For a server that loads data of this size in memory; `limit` is a configured one.

    Without maxmemory a load may need more than production held: keys wait there to expire.
    """
    limit = limit or _FLOOR + 2 * data
    return Memory(min(_LEAST + data, limit), limit)


def memory_without_data(limit: int = 0) -> Memory:
    """For a start without data; `limit` is that of the container whose start it is."""
    limit = limit or _EMPTY_LIMIT
    return Memory(min(_LEAST, limit), limit)


def available_memory(meminfo: str) -> int | None:
    """What /proc/meminfo says can be used without swapping; None when it does not say."""
    found = _AVAILABLE.search(meminfo)
    return int(found[1]) * 1024 if found else None


def limit_on_host(memory: Memory, available: int | None) -> int:
    """The limit, lowered to what the host has to spare. Raises Refused when that is too little.

    A container over its limit is ended by the kernel alone; a host without memory ends any
    process, also the server in production. An unknown amount (None) is not judged.
    """
    if available is None:
        return memory.limit
    spare = available - _RESERVE
    if spare < memory.needed:
        raise Refused(
            f"the engine's host has {size(available)} of memory available, and a throwaway server "
            f"for this data needs {size(memory.needed)} and leaves {size(_RESERVE)} free",
            "free memory on that host, or restore with --no-trial; nothing was changed",
        )
    return min(memory.limit, spare)
