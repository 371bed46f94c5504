"""What a container of ours may do on the engine's host.

None has a network. A throwaway server has no capabilities, cannot gain any, and is the first that
the kernel ends when memory runs out, before the server in production.
"""

from collections.abc import Sequence
from typing import Any

from redis_dr.tasks.engine.client import engine
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.server.throwaway import Memory, available_memory, limit_on_host

FILE_RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER")  # of root, over the files of other users
# what entrypoints need to hand files over and to become another user; KILL for our own watch
_START_RIGHTS = (*FILE_RIGHTS, "KILL", "SETGID", "SETPCAP", "SETUID")
_FIRST_TO_END = 1000  # the highest oom_score_adj
_MOST_PROCESSES = 1024
_LOOK_SECONDS = 30


def confined(rights: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """A host configuration without network and with these capabilities only."""
    host: dict[str, Any] = engine().api.create_host_config(
        network_mode="none",
        cap_drop=["ALL"],
        cap_add=sorted(rights) or None,
        pids_limit=_MOST_PROCESSES,
        **{"security_opt": ["no-new-privileges"], **more},
    )
    return host


def throwaway(memory_limit: int, rights: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """The same with a memory limit, swap included, for a server."""
    limits = {"mem_limit": memory_limit, "memswap_limit": memory_limit}
    return confined(rights, oom_score_adj=_FIRST_TO_END, **limits, **more)


def judged_limit(memory: Memory, beside: str) -> int:
    """The memory limit for a server on this engine's host; `beside` is a container that runs there.

    Raises Refused when the host has too little memory, Unreachable.
    """
    code, text = run_in(beside, ["cat", "/proc/meminfo"], seconds=_LOOK_SECONDS)
    return limit_on_host(memory, available_memory(text) if code == 0 else None)


def start_rights(host: dict[str, Any]) -> tuple[str, ...]:
    """The capabilities for the start of a container with this HostConfig: at most its own."""
    added, dropped = (_names(host.get(key)) for key in ("CapAdd", "CapDrop"))
    own = set() if "ALL" in dropped else set(_START_RIGHTS) - dropped
    own |= set(_START_RIGHTS) if "ALL" in added else set(_START_RIGHTS) & added
    return tuple(sorted(own | {"KILL"}))


def _names(listed: Sequence[str] | None) -> set[str]:
    return {name.upper().removeprefix("CAP_") for name in listed or ()}
