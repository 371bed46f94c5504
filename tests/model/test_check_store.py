"""What the catalog alone can tell: ages, proofs, drift, and whether retention keeps its word."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.model.backup.inventory import DatabaseInventory
from redis_dr.tasks.model.backup.manifest import Manifest, StoredFile
from redis_dr.tasks.model.catalog.catalog import Catalog
from redis_dr.tasks.model.catalog.proof import Proof
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.observe.check_store import judge_catalog
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.settings.instance import Instance

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def instance(**fields: Any) -> Instance:
    return Instance.model_validate({"name": "weka", "container": "weka", **fields})


def manifest(hours: float, keys: int = 1000, size: int = 10_000_000, **fields: Any) -> Manifest:
    """A backup made that many hours ago."""
    at = NOW - timedelta(hours=hours)
    file = StoredFile(
        name="dump.rdb",
        role="rdb",
        size=size,
        sha256="0" * 64,
        stored_name="dump.rdb.zst",
        stored_size=1,
        stored_sha256="0" * 64,
        codec="zstd",
    )
    settings = Persistence(
        dir="/data",
        dbfilename="dump.rdb",
        appendonly=True,
        appenddirname="appendonlydir",
        appendfilename="appendonly.aof",
    )
    return Manifest(
        backup_id=f"{at:%Y%m%dT%H%M%SZ}-000000",
        instance="weka",
        created_at=at,
        redis_version="7.0.15",
        rdb_version=10,
        image="redis",
        run_id="r",
        persistence=settings,
        databases={0: DatabaseInventory(keys=keys, expires=0)},
        files=(file,),
        **fields,
    )


def catalog(manifests: Sequence[Manifest], proven: Sequence[bool] = (), **fields: Any) -> Catalog:
    """Newest first; `proven` says of each whether a drill was good."""
    proofs = {
        one.backup_id: (Proof(one.backup_id, "proofs/x", "drill", ok, one.created_at),)
        for one, ok in zip(manifests, proven, strict=False)
    }
    newest_first = sorted(manifests, key=lambda one: one.created_at, reverse=True)
    return Catalog("weka", "file:x", tuple(newest_first), proofs, **fields)


def finding(found: Sequence[Finding], check: str) -> Finding:
    return next(one for one in found if one.check == check)


@settings(deadline=None, max_examples=60)
@given(
    ages=st.lists(st.integers(0, 200), max_size=8),
    proven=st.lists(st.booleans(), max_size=8),
    limits=st.tuples(st.integers(1, 150), st.integers(1, 150)),
)
def test_nothing_too_old_is_ever_called_fresh(
    ages: list[int], proven: list[bool], limits: tuple[int, int]
) -> None:
    """Good if and only if a backup, and a proven one, is younger than its limit."""
    manifests = [manifest(age) for age in ages]
    check = {"backup_age_hours": limits[0], "proven_age_hours": limits[1]}
    found = judge_catalog(catalog(manifests, proven), instance(check=check), NOW)

    # two backups of the same second share a name, and with it their proof
    good = {one.backup_id: ok for one, ok in zip(manifests, proven, strict=False)}
    young = [one for one in manifests if NOW - one.created_at <= timedelta(hours=limits[0])]
    sound = [one for one in manifests if NOW - one.created_at <= timedelta(hours=limits[1])]
    assert finding(found, "age of the newest backup").ok == bool(young)
    expected = any(good.get(one.backup_id) for one in sound)
    assert finding(found, "age of the newest proven backup").ok == expected


def test_a_safety_backup_does_not_stand_for_the_routine() -> None:
    """A restore made one just now; the last regular backup is two days old."""
    manifests = [manifest(0.1, operation="restore"), manifest(48)]
    found = judge_catalog(catalog(manifests), instance(), NOW)

    assert not finding(found, "age of the newest backup").ok


def test_a_fall_of_the_keys_is_an_alarm() -> None:
    """A database that somebody flushed."""
    found = judge_catalog(
        catalog([manifest(1, keys=3), *(manifest(24 * day) for day in range(1, 6))]),
        instance(),
        NOW,
    )

    assert not finding(found, "keys of the newest backup").ok


@pytest.mark.parametrize(("size", "ok"), [(10_400_000, True), (30_000_000, False), (1, False)])
def test_an_unusual_size_is_an_alarm(size: int, ok: bool) -> None:
    """Against the median of those before it, in both directions."""
    manifests = [manifest(1, size=size), *(manifest(24 * day) for day in range(1, 6))]
    found = judge_catalog(catalog(manifests), instance(), NOW)

    assert finding(found, "size of the newest backup").ok is ok


def test_a_bad_last_proof_is_an_alarm() -> None:
    """Even while an older backup is proven."""
    manifests = [manifest(1), manifest(20)]
    found = judge_catalog(catalog(manifests, [False, True]), instance(), NOW)

    assert not finding(found, "the last proof was good").ok
    assert finding(found, "age of the newest proven backup").ok


def test_what_cannot_be_read_is_an_alarm() -> None:
    """A damaged manifest is named."""
    lost = {"20261101T020000Z-000000": Damaged("it is not JSON", "")}
    found = judge_catalog(catalog([manifest(1)], unreadable=lost), instance(), NOW)

    assert "20261101T020000Z" in str(finding(found, "every backup in the store can be read").actual)


def test_a_missing_day_breaks_the_promise_of_keep_daily() -> None:
    """Daily backups, one night without: the past cannot be filled any more."""
    whole = [manifest(24 * day) for day in range(10)]
    holed = [one for day, one in enumerate(whole) if day != 4]

    assert finding(judge_catalog(catalog(whole), instance(), NOW), "keep_daily can be kept").ok
    bad = finding(judge_catalog(catalog(holed), instance(), NOW), "keep_daily can be kept")
    assert not bad.ok
    assert "1 of the last" in str(bad.actual)


def test_hours_are_not_promised_where_backups_are_daily() -> None:
    """keep_hourly stands in the defaults; nobody makes hourly backups here."""
    found = judge_catalog(catalog([manifest(24 * day) for day in range(10)]), instance(), NOW)

    assert all(one.check != "keep_hourly can be kept" for one in found)


def test_an_empty_store_is_an_alarm() -> None:
    """No backup is not a fresh backup."""
    found = judge_catalog(catalog([]), instance(), NOW)

    assert not finding(found, "age of the newest backup").ok
    assert not finding(found, "age of the newest proven backup").ok
