"""Limits of a server and of its container that would end a restore after the swap. Pure.

A client whose replies are too large is cut off; a server that needs more memory than its container
has is killed. Both were seen to pass a drill and to roll a restore back.
"""

from collections.abc import Mapping

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.server_config import normal

REPLIES = "client-output-buffer-limit"
CLIENTS = "maxmemory-clients"
# what the largest answers of a fixed size need: INFO, CONFIG GET, COMMAND INFO
LEAST_REPLIES = 2**20
_SHARE = 4  # a round trip asks for this part of what is allowed at the most

_MEMORY_CHECK = "what is placed fits into the container's memory"
_BESIDE = 16 * 2**20  # bytes of a server beside its data: code, buffers, threads, our clients
_ALLOCATOR = 1.1  # times used_memory: what the allocator keeps beside it
_FORK = 1.05  # times what was measured: page tables of a save's fork, pages that it copies


def allowed_replies(settings: Mapping[str, str]) -> int:
    """Bytes of replies that one client may have outstanding; 0 for any number, or not known."""
    clients = settings.get(CLIENTS, "")
    if clients.endswith("%") and clients[:-1].isdecimal():
        total = _bytes(settings.get("maxmemory", "")) * int(clients[:-1]) // 100
    else:
        total = _bytes(clients)
    limits = [limit for limit in (*_normal_class(settings.get(REPLIES, "")), total) if limit]
    return min(limits, default=0)


def reply_bytes(allowed: int, most: int) -> int:
    """How many bytes one round trip may ask for."""
    return min(most, max(1, allowed // _SHARE)) if allowed else most


def replies_gate(settings: Mapping[str, str], cure: str) -> list[Finding]:
    """Shut where the server would cut off the client that proves the restore."""
    allowed = allowed_replies(settings)
    if not allowed:
        return []
    return [
        Finding(
            check="the server lets a client read the proof",
            ok=allowed >= LEAST_REPLIES,
            expected=f"{LEAST_REPLIES} bytes of replies, or no limit",
            actual=allowed,
            detail=f"{REPLIES} (class normal) or {CLIENTS} cuts off a client with more: "
            f'`CONFIG SET {REPLIES} "normal 0 0 0"` and `CONFIG SET {CLIENTS} 0`, and {cure}'
            if allowed < LEAST_REPLIES
            else "",
        )
    ]


def memory_gate(limit: int, used: int, container: str) -> Finding:
    """By `used`, what the data needed at the backup: bytes of used_memory."""
    needed = round(used * _ALLOCATOR) + _BESIDE
    figures = f"used_memory {used}, a tenth for the allocator, {_BESIDE} for the server beside it"
    return _memory(_MEMORY_CHECK, limit, needed, f"{figures}; {_raise(container, needed)}")


def measured_memory(limit: int, peak: int, container: str) -> tuple[Finding, ...]:
    """By `peak`, what a server took that loaded these files: resident bytes; 0: not measured."""
    if not (limit and peak):
        return ()
    needed = round(peak * _FORK) + _BESIDE // 2
    figures = f"measured {peak} while it loaded and saved, 5 % and {_BESIDE // 2} for a save's fork"
    check = "what the load took fits into the container's memory"
    return (_memory(check, limit, needed, f"{figures}; {_raise(container, needed)}"),)


def _memory(check: str, limit: int, needed: int, detail: str) -> Finding:
    return Finding(
        check=check,
        ok=not limit or needed <= limit,
        expected=limit or "no limit",
        actual=needed,
        detail=detail if limit else "",
    )


def _raise(container: str, needed: int) -> str:
    size = needed * 5 // 4
    return f"`docker update --memory {size} --memory-swap {size} {container}` raises the limit"


def _normal_class(value: str) -> tuple[int, ...]:
    """Hard and soft limit of ordinary clients: `normal 0 0 0 slave 268435456 67108864 60 ...`."""
    words = value.replace('"', "").lower().split()
    found: tuple[int, ...] = ()
    for at, word in enumerate(words):
        if word == "normal" and len(words) > at + 2:
            found = (_bytes(words[at + 1]), _bytes(words[at + 2]))  # the last one counts
    return found


def _bytes(value: str) -> int:
    text = normal("", value)
    return int(text) if text.isdecimal() else 0
