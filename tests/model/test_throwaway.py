"""How much memory and which rights a throwaway server gets."""

from typing import Any

import pytest

from redis_dr.tasks.engine.confinement import start_rights
from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.model.server.throwaway import (
    Memory,
    available_memory,
    limit_on_host,
    memory_for,
    memory_without_data,
)

MIB = 2**20
START = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETPCAP", "SETUID"}


@pytest.mark.parametrize(
    ("available", "limit"),
    [(None, 456 * MIB), (4096 * MIB, 456 * MIB), (364 * MIB, 300 * MIB), (196 * MIB, 132 * MIB)],
)
def test_the_limit_leaves_the_host_its_reserve(available: int | None, limit: int) -> None:
    """
    100 MiB of data: twice that and 256 MiB, lowered to what the host has beyond 64 MiB.
    """
    assert limit_on_host(memory_for(100 * MIB), available) == limit


@pytest.mark.parametrize("available", [195 * MIB, 10 * MIB, 0])
def test_too_little_memory_is_refused(available: int) -> None:
    """
    100 MiB of data need 132 MiB, and 64 MiB stay free.
    """
    with pytest.raises(Refused, match="--no-trial"):
        limit_on_host(memory_for(100 * MIB), available)


def test_a_configured_limit_counts() -> None:
    """
    `[drill] memory_limit` is the limit, and nobody needs more than their limit.
    """
    assert memory_for(1000 * MIB, 64 * MIB) == Memory(64 * MIB, 64 * MIB)
    assert memory_without_data(16 * MIB) == Memory(16 * MIB, 16 * MIB)


def test_the_kernel_says_what_is_available() -> None:
    """
    MemAvailable in kB; a kernel that does not have it says nothing.
    """
    assert available_memory("MemTotal: 9 kB\nMemFree: 5 kB\nMemAvailable:    7 kB\n") == 7 * 1024
    assert available_memory("MemTotal: 9 kB\n") is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ({}, START),
        ({"CapDrop": ["ALL"]}, {"KILL"}),
        ({"CapDrop": ["all"], "CapAdd": ["CAP_SETUID", "SYS_ADMIN"]}, {"KILL", "SETUID"}),
        ({"CapDrop": ["CAP_CHOWN"]}, START - {"CHOWN"}),
        ({"CapAdd": ["SYS_PTRACE"]}, START),
    ],
)
def test_an_own_start_has_at_most_the_rights_of_its_container(
    host: dict[str, Any], expected: set[str]
) -> None:
    """
    What an entrypoint needs, minus what the container has not; never more than that.
    """
    assert set(start_rights(host)) == expected
