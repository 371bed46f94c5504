"""No sentence about what is served without a look: each kind of look and its judgement."""

from dataclasses import replace

import pytest

from redis_dr.tasks.model.restore.sighting import Sighting, judge_old_data, judge_still_there
from redis_dr.tasks.model.server.server_info import ServerInfo

INFO = ServerInfo.of(
    {
        "redis_version": "7.0.15",
        "run_id": "a" * 40,
        "master_replid": "b" * 40,
        "rdb_last_load_keys_loaded": 5,
        "db0": {"keys": 5, "expires": 0},
    }
)
SEEN = Sighting("weka-redis", "running", "10:00", INFO, inside="a" * 40)


def with_info(**fields: object) -> Sighting:
    return replace(SEEN, info=INFO.model_copy(update=fields))


@pytest.mark.parametrize(
    "seen",
    [
        replace(SEEN, status="exited"),
        replace(SEEN, status="paused"),
        replace(SEEN, status="gone"),
        replace(SEEN, info=None, silent="connection refused"),
        replace(SEEN, inside="c" * 40),
        with_info(loading=True),
    ],
)
def test_what_was_not_seen_is_called_unknown(seen: Sighting) -> None:
    """
    Down, paused, removed, silent, loading, or another server at the url: unknown, and never good.
    """
    assert seen.text("the old data").startswith("unknown: ")
    finding = judge_old_data(seen, {0: 5})
    assert not finding.ok
    assert str(finding.actual).startswith("unknown: ")
    assert not judge_still_there(SEEN, seen, {0: 5}).ok


def test_the_old_data_is_said_to_be_served_when_its_server_was_seen() -> None:
    """
    The container's own server answers with keys.
    """
    assert SEEN.text("the old data") == "the old data: 5 keys in weka-redis"
    assert judge_old_data(SEEN, {0: 5}).ok
    assert not judge_old_data(with_info(keyspace={}), {0: 5}).ok


@pytest.mark.parametrize(
    "last",
    [
        replace(SEEN, started_at="10:01"),
        replace(with_info(run_id="d" * 40), inside="d" * 40),
        with_info(role="slave"),
        with_info(master_replid="e" * 40),
        with_info(rdb_last_load_keys_loaded=6),
        with_info(keyspace={}),
    ],
)
def test_a_server_that_changed_since_the_comparison_is_not_proven(last: Sighting) -> None:
    """
    Started again, a replica by now, synchronised with another, or emptied without a reason.
    """
    assert judge_still_there(SEEN, SEEN, {0: 5}).ok
    assert not judge_still_there(SEEN, last, {0: 5}).ok


def test_fewer_keys_with_a_reason_are_no_fault() -> None:
    """
    Keys that expired, were evicted or were removed by clients may be gone.
    """
    for reason in ("expired_keys", "evicted_keys", "rdb_changes_since_last_save"):
        assert judge_still_there(SEEN, with_info(keyspace={}, **{reason: 5}), {0: 5}).ok
