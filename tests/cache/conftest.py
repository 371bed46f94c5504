"""One Redis for the folder, emptied before each test, and one service for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redis_dr.tasks.model.settings.instance import Instance
from tests.support.instance import instance_of
from tests.support.query_service import QueryService, serving
from tests.support.redis_server import RedisServer
from tests.support.runbook_instance import clean, filled, instance, server

__all__ = ["clean", "filled", "instance", "server"]


@pytest.fixture
def service(clean: RedisServer) -> QueryService:
    return QueryService(clean.client())


@pytest.fixture
def endpoint(service: QueryService) -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    """Twenty queries, one a line."""
    path = tmp_path / "common.txt"
    path.write_text("".join(f"how do I do thing {number}?\n" for number in range(20)))
    return path


@pytest.fixture
def configured(clean: RedisServer, endpoint: str, queries: Path) -> Any:
    """Makes an instance whose [warm] and [resilience] are quick, with changes on top."""

    def make(resilience: dict[str, Any] | None = None, **warm: Any) -> Instance:
        return instance_of(
            clean,
            warm={
                "lists": [str(queries)],
                "endpoint": endpoint,
                "cache_key": "query:cache:{sha256}",
                "timeout_seconds": 2,
                "budget_seconds": 20,
                **warm,
            },
            resilience={
                "backoff_seconds": 0.01,
                "backoff_cap_seconds": 0.05,
                "breaker_reset_seconds": 0.2,
                **(resilience or {}),
            },
        )

    return make
