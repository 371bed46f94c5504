"""A backup dated in the future, in real stores: the time is what the store itself notes."""

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from redis_dr.flows.runbook.catalog.prune import prune
from redis_dr.tasks.catalog.catalog import add_proof, load_catalog
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.store_layout import manifest_key, proof_name
from redis_dr.tasks.model.catalog.choosing import choose
from redis_dr.tasks.model.observe.check_store import judge_catalog
from redis_dr.tasks.storage.directory.store import root_of
from redis_dr.tasks.storage.opening import open_store
from tests.support.backups import NAME, instance, store_backup
from tests.support.s3_server import S3Server
from tests.support.stores import directory_settings, s3_settings

NOW = datetime.now(UTC).replace(microsecond=0)
YEARS = timedelta(days=730)


def test_one_future_backup_changes_nothing_for_the_real_ones(tmp_path: Path) -> None:
    """The case: `latest`, the verdict of `check`, and `prune --apply` with keep_last = 1."""
    how = directory_settings(tmp_path / "store")
    real = [store_backup(how, NOW - timedelta(hours=hours)) for hours in (30, 20, 10)]
    ahead = store_backup(how, NOW + YEARS)
    weka = instance(how, retention={"keep_last": 1, "keep_daily": 0, "keep_weekly": 0})

    catalog = open_catalog(weka)
    assert choose(catalog, "latest") == real[-1]
    bad = [one.check for one in judge_catalog(catalog, weka, NOW) if not one.ok]
    assert "dates of the backups" in bad
    prune(weka, apply=True)
    assert real[-1] in open_catalog(weka).manifests
    assert choose(open_catalog(weka), "latest") == real[-1]
    assert ahead.backup_id in open_catalog(weka).misdated


def test_the_disk_of_a_host_with_a_wrong_clock_says_the_same_wrong_time(tmp_path: Path) -> None:
    """Then only this machine's clock tells that the date is in the future."""
    how = directory_settings(tmp_path / "store")
    real, ahead = store_backup(how, NOW - timedelta(hours=3)), store_backup(how, NOW + YEARS)
    later = (NOW + YEARS).timestamp()
    path = root_of(how.url) / manifest_key(NAME, ahead.backup_id)
    os.utime(path, (later, later))

    catalog = load_catalog(open_store(how), NAME)
    assert catalog.manifests == (ahead, real)
    assert "in the future" in catalog.misdated[ahead.backup_id]
    assert choose(catalog, "latest") == real


def test_a_share_without_times_leaves_the_dates_as_they_are(tmp_path: Path) -> None:
    """Some mounts show 1970 for each file: that is no evidence against any backup."""
    how = directory_settings(tmp_path / "store")
    real = store_backup(how, NOW - timedelta(hours=3))
    os.utime(root_of(how.url) / manifest_key(NAME, real.backup_id), (0, 0))

    catalog = load_catalog(open_store(how), NAME)
    assert catalog.misdated == {}
    assert choose(catalog, "latest") == real


def test_a_proof_with_a_date_in_the_future_loses_against_a_later_failure(tmp_path: Path) -> None:
    """Its name is the newest for two years; the store took the failure after it."""
    how = directory_settings(tmp_path / "store")
    made, store = store_backup(how, NOW - timedelta(hours=3)), open_store(how)
    add_proof(store, NAME, made.backup_id, proof_name("drill", NOW + YEARS, ok=True), b"{}")
    add_proof(store, NAME, made.backup_id, proof_name("drill", datetime.now(UTC), ok=False), b"{}")

    assert load_catalog(store, NAME).disproven(made.backup_id)


def test_the_clock_of_an_s3_store_is_read_from_its_answers(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request is made for it, and nothing is written."""
    for variable, value in s3_server.environment.items():
        monkeypatch.setenv(variable, value)
    how = s3_settings(s3_server, s3_server.new_bucket())
    for hours in (-3, 0, 5):
        store = open_store(how)
        assert store.clock_ahead() is None
        monkeypatch.setattr("redis_dr.tasks.storage.s3.store.datetime", _clock(hours))
        assert store.stat("nothing") is None
        ahead = store.clock_ahead()
        assert ahead is not None
        assert abs(ahead + timedelta(hours=hours)) < timedelta(seconds=10)
        assert ahead == timedelta(0) or hours
    assert list(store.list("")) == []


def _clock(hours: int) -> type[datetime]:
    """This machine's clock, wrong by these hours."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp(time.time() + hours * 3600, tz)

    return Clock
