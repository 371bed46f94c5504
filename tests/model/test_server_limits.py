"""Which limits of a server and of its container shut the gate before a restore."""

import pytest

from redis_dr.tasks.model.restore.server_limits import (
    LEAST_REPLIES,
    allowed_replies,
    measured_memory,
    memory_gate,
    replies_gate,
    reply_bytes,
)

MB = 2**20
CLASSES = "slave 268435456 67108864 60 pubsub 33554432 8388608 60"


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({}, 0),
        ({"client-output-buffer-limit": f"normal 0 0 0 {CLASSES}"}, 0),
        ({"client-output-buffer-limit": f"normal 65536 0 0 {CLASSES}"}, 65536),
        ({"client-output-buffer-limit": f"normal 8388608 32768 1 {CLASSES}"}, 32768),
        ({"client-output-buffer-limit": f"{CLASSES} normal 1mb 0 0"}, MB),
        ({"client-output-buffer-limit": "normal 1mb 0 0 normal 4mb 0 0"}, 4 * MB),
        ({"client-output-buffer-limit": CLASSES}, 0),
        ({"maxmemory-clients": "0"}, 0),
        ({"maxmemory-clients": "5mb"}, 5 * MB),
        ({"maxmemory-clients": "5%", "maxmemory": "100mb"}, 5 * MB),
        ({"maxmemory-clients": "5%", "maxmemory": "0"}, 0),
        ({"maxmemory-clients": "1gb", "client-output-buffer-limit": "normal 2mb 0 0"}, 2 * MB),
    ],
)
def test_what_one_client_may_read_is_the_smallest_limit(
    settings: dict[str, str], allowed: int
) -> None:
    """
    Hard and soft limit of ordinary clients, and the sum for all clients; replicas and subscribers
    have limits of their own. A limit below what fixed answers need shuts the gate.
    """
    assert allowed_replies(settings) == allowed
    bad = [one for one in replies_gate(settings, "write it down") if not one.ok]
    assert bool(bad) is (0 < allowed < LEAST_REPLIES)
    for one in bad:
        assert 'CONFIG SET client-output-buffer-limit "normal 0 0 0"' in one.detail
        assert str(allowed) in str(one.actual)


@pytest.mark.parametrize("allowed", [0, 1, 100, LEAST_REPLIES, 4 * MB, 2**40])
def test_a_round_trip_asks_for_less_than_is_allowed(allowed: int) -> None:
    """Never more than wanted, never nothing, and a quarter of the limit at the most."""
    asked = reply_bytes(allowed, 2 * MB)
    assert 0 < asked <= 2 * MB
    assert not allowed or asked <= max(1, allowed // 4)


@pytest.mark.parametrize("used", [1 * MB, 30 * MB, 1000 * MB])
def test_a_memory_limit_right_above_the_data_is_too_small(used: int) -> None:
    """
    1 MB above used_memory is refused, a quarter and 32 MB above it is not, no limit never is; the
    finding says the figures and the command that raises the limit.
    """
    tight = memory_gate(used + MB, used, "weka")
    assert not tight.ok
    assert str(used) in tight.detail
    assert f"docker update --memory {int(tight.actual or 0) * 5 // 4}" in tight.detail
    assert memory_gate(used * 5 // 4 + 32 * MB, used, "weka").ok
    assert memory_gate(0, used, "weka").ok


def test_what_a_load_took_counts_where_it_was_measured() -> None:
    """The resident peak, and room for the fork of a save; nothing is claimed of no measurement."""
    (tight,) = measured_memory(100 * MB, 99 * MB, "weka")
    assert not tight.ok
    assert str(99 * MB) in tight.detail
    (wide,) = measured_memory(120 * MB, 99 * MB, "weka")
    assert wide.ok
    assert measured_memory(0, 99 * MB, "weka") == ()
    assert measured_memory(100 * MB, 0, "weka") == ()
