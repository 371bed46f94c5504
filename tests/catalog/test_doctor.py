"""The doctor tries the store, and says of each server what is true of it (facts/s3.md 1)."""

import json
from threading import Lock
from typing import Any

import pytest

from redis_dr.flows.runbook.catalog.doctor import doctor
from redis_dr.flows.runbook.catalog.list import list_backups
from redis_dr.tasks.model.catalog.store_reports import DoctorReport
from redis_dr.tasks.model.errors import StoreError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.s3 import probe
from tests.storage.conftest import settings_of
from tests.support.backups import NAME, instance, store_backup
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.s3_server import S3Server
from tests.support.stores import s3_settings

S3_ALL = {
    "wrong MD5 refused",
    "conditional create",
    "conditional create under a race",
    "multipart abort",
    "versioning",
    "object lock",
}


def _has(report: DoctorReport) -> dict[str, bool | None]:
    return {one.name: one.has for one in report.capabilities}


@pytest.mark.parametrize("kind", ["directory", "rclone", "rclone-tls", "moto"])
def test_a_working_store_passes(kind: str, request: pytest.FixtureRequest) -> None:
    """Every verb works, the clocks agree, nothing of the probes stays but the report."""
    how = settings_of(kind, request)
    report = doctor(instance(how))

    assert report.ok, [one for one in report.findings if not one.ok]
    assert len(report.findings) == 13
    left = [one.key for one in open_store(how).list("")]
    assert left == [report.kept_as]
    kept = json.loads(open_store(how).open(str(report.kept_as)).read())
    assert kept["findings"] == json.loads(report.model_dump_json())["findings"]


def test_what_rclone_is_worth(request: pytest.FixtureRequest) -> None:
    """It checks MD5 and aborts uploads; it ignores If-None-Match and has no versions, no lock."""
    has = _has(doctor(instance(settings_of("rclone", request))))

    assert has.keys() == S3_ALL
    assert has["wrong MD5 refused"] is True
    assert has["multipart abort"] is True
    assert has["conditional create"] is False
    assert has["conditional create under a race"] is False
    assert not has["versioning"]
    assert not has["object lock"]


def test_what_moto_is_worth(moto_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It honours If-None-Match, versions and locks, and takes a wrong MD5.

    It looks, then writes: of racers that meet between the two it may let in both. So each racer's
    request is over before the next begins.
    """
    created, turn = probe._created, Lock()

    def in_turn(*arguments: Any) -> bool:
        with turn:
            return created(*arguments)

    monkeypatch.setattr(probe, "_created", in_turn)
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = moto_server.new_bucket(ObjectLockEnabledForBucket=True)
    has = _has(doctor(instance(s3_settings(moto_server, bucket))))

    assert has == {
        "wrong MD5 refused": False,
        "conditional create": True,
        "conditional create under a race": True,
        "multipart abort": True,
        "versioning": True,
        "object lock": True,
    }


def test_what_a_directory_is_worth(how: StoreSettings) -> None:
    """Atomic names and locks; nothing against whoever may write there."""
    has = _has(doctor(instance(how)))
    assert has == {
        "conditional create under a race": True,
        "hard links": True,
        "flush of directories": True,
        "file locks": True,
        "versioning": False,
        "object lock": False,
        "free space": True,
    }


@pytest.mark.parametrize(
    "setting",
    [
        {"storage_class": "GLACIER"},
        {"server_side_encryption": "AES256"},
        {"object_lock_mode": "GOVERNANCE", "object_lock_days": 1},
        {"legal_hold": True},
    ],
)
@pytest.mark.parametrize("kind", ["directory", "rclone"])
def test_an_ignored_setting_is_bad(
    kind: str, request: pytest.FixtureRequest, setting: dict[str, object]
) -> None:
    """rclone even repeats what it ignores; the doctor sends nonsense to find that out."""
    how = settings_of(kind, request).model_copy(update=setting)
    report = doctor(instance(how))

    assert report.exit_code == 1
    bad = [one for one in report.findings if not one.ok]
    assert [one.check for one in bad] == ["the store follows its settings"]
    assert next(iter(setting)) in str(bad[0].actual)


def test_a_lock_that_holds_is_good(moto_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a bucket that has it, the same setting passes, and the probe's object is short-lived."""
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = moto_server.new_bucket(ObjectLockEnabledForBucket=True)
    lock = {"object_lock_mode": "GOVERNANCE", "object_lock_days": 30, "legal_hold": True}
    report = doctor(instance(s3_settings(moto_server, bucket, **lock)))

    assert report.ok, [one for one in report.findings if not one.ok]


def test_missing_permissions_are_named_one_by_one(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that forbids DELETE: only uploads cannot be aborted; deletion may be forbidden."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    with FaultProxy(s3_server.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        how = s3_settings(s3_server, s3_server.new_bucket(), endpoint_url=url, attempts=1)
        proxy.inject(Fault("http", status=403, code="AccessDenied", match=b"DELETE /"))
        report = doctor(instance(how))

    bad = [one.check for one in report.findings if not one.ok]
    assert bad == ["leave nothing of a broken upload"]
    deletion = next(one for one in report.findings if one.check == "delete it")
    assert str(deletion.actual).startswith("forbidden")


def test_a_store_that_does_not_answer_is_an_error(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5, not twelve bad findings."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    with FaultProxy(s3_server.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        how = s3_settings(s3_server, s3_server.new_bucket(), endpoint_url=url, attempts=1)
        proxy.inject(Fault("refuse"))
        with pytest.raises(StoreError):
            doctor(instance(how))


def test_the_doctor_does_not_disturb_the_catalog(how: StoreSettings) -> None:
    """Its probes and reports are no strange objects beside the backups."""
    store_backup(how)
    doctor(instance(how))
    report = list_backups(instance(how))
    assert (len(report.backups), report.strange, report.unfinished) == (1, (), ())
    assert report.instance == NAME
