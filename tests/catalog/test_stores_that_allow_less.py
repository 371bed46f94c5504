"""Every verb on a store that allows less: what reads succeeds, what must write says what refused.

A directory on a read-only and on a full disk; a key that may only read, and one that may only add,
on a server that checks each key's policy.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from redis_dr.flows.runbook.catalog.copy import copy
from redis_dr.flows.runbook.catalog.doctor import doctor
from redis_dr.flows.runbook.catalog.export import export
from redis_dr.flows.runbook.catalog.list import accept_backup, list_backups, set_pin, show_backup
from redis_dr.flows.runbook.catalog.prune import prune
from redis_dr.flows.runbook.catalog.verify import ALL, verify
from redis_dr.flows.runbook.observe.check import check
from redis_dr.tasks.model.catalog.store_reports import ExportRequest
from redis_dr.tasks.model.errors import RedisDrError, StoreError
from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.opening import open_store
from tests.support.backups import instance, store_backup
from tests.support.lesser_stores import ADDING, READING, check_keys, full, key_that_may, read_only
from tests.support.s3_server import S3Server, running_moto
from tests.support.stores import directory_settings, s3_settings

KINDS = ("read-only directory", "full directory", "reading key", "adding key")
KEEP_ONE = {"keep_last": 1, "keep_hourly": 0, "keep_daily": 0, "keep_weekly": 0}
NOW = datetime.now(UTC)
MUST_WRITE = {"pin", "accept"}
LESS_SAID = "the proof is kept in the store"


@dataclass
class Store:
    """A store with two backups, the older of which retention would remove."""

    instance: Instance
    old: str
    new: str
    lesser: AbstractContextManager[object] = field(default_factory=nullcontext)
    environment: dict[str, str] = field(default_factory=dict)

    def objects(self) -> list[tuple[str, int, datetime]]:
        return [
            (one.key, one.size, one.modified) for one in open_store(self.instance.store).list("")
        ]


@pytest.fixture(scope="module")
def strict_server() -> Iterator[tuple[S3Server, str, dict[str, dict[str, str]]]]:
    """A server of its own that checks what each key may do; its bucket; the keys by kind."""
    with running_moto() as server:
        bucket = server.new_bucket()
        keys = {
            "owner": key_that_may(server, ["s3:*"]),
            "reading key": key_that_may(server, READING),
            "adding key": key_that_may(server, ADDING),
        }
        check_keys(server)
        yield server, bucket, keys


@pytest.fixture(params=KINDS)
def lesser(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Store:
    """Each kind in turn; what is stored was stored with all rights."""
    how = directory_settings(tmp_path / "store")
    environment: dict[str, str] = {}
    entered: AbstractContextManager[object] = nullcontext()
    if request.param.endswith("key"):
        server, bucket, keys = request.getfixturevalue("strict_server")
        how = s3_settings(server, bucket, url=f"s3://{bucket}/{tmp_path.name}")
        for name, value in keys["owner"].items():
            monkeypatch.setenv(name, value)
        environment = keys[request.param]
    else:
        limit = read_only if request.param.startswith("read") else full
        entered = limit(tmp_path / "store")
    old, new = (store_backup(how, NOW - timedelta(days=d)).backup_id for d in (2, 1))
    return Store(instance(how, retention=KEEP_ONE), old, new, entered, environment)


def test_every_verb(lesser: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads ends well and says what it could not write; what must write ends with code 5."""
    before = lesser.objects()
    for name, value in lesser.environment.items():
        monkeypatch.setenv(name, value)
    here, other = lesser.instance, directory_settings(tmp_path / "other")
    request = ExportRequest("latest", 0, tmp_path / "db0.rdb")
    verbs = {
        "list": lambda: list_backups(here),
        "show": lambda: show_backup(here, "latest"),
        "verify": lambda: verify(here, "latest"),
        "verify --all": lambda: verify(here, ALL),
        "verify --stored-only": lambda: verify(here, ALL, stored_only=True),
        "export": lambda: export(here, request),
        "copy": lambda: copy(here, "latest", (other,)),
        "prune": lambda: prune(here, apply=False),
        "pin": lambda: set_pin(here, "latest", pinned=True),
        "accept": lambda: accept_backup(here, lesser.new, "meant"),
    }
    with lesser.lesser:
        outcomes = {name: _outcome(verb) for name, verb in verbs.items()}
        examined = _outcome(lambda: doctor(here))

    writes = lesser.environment.get("AWS_ACCESS_KEY_ID") and _may_add(lesser, before)
    codes = {name: outcome.exit_code for name, outcome in outcomes.items()}
    refused = {} if writes else dict.fromkeys(MUST_WRITE, 5)
    assert codes == {**dict.fromkeys(verbs, 0), **refused}
    assert examined.exit_code == (0 if writes else 1), examined
    for name in ("verify", "verify --all", "verify --stored-only"):
        report = outcomes[name]
        assert isinstance(report, Report)
        assert (LESS_SAID in [one.check for one in report.findings if not one.ok]) != bool(writes)
    if not writes:
        assert lesser.objects() == before


def test_prune_where_deletion_is_forbidden_is_a_plan(
    lesser: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`prune --apply` ends with 0, removes nothing, and names what forbids it.

    A full disk forbids no removal: there it makes room.
    """
    before = lesser.objects()
    for name, value in lesser.environment.items():
        monkeypatch.setenv(name, value)
    with lesser.lesser:
        report = prune(lesser.instance, apply=True)

    assert report.exit_code == 0
    assert [one.backup_id for one in report.removed] == [lesser.old]
    if "full" in request.node.name:
        assert (report.applied, report.forbidden) == (True, "")
        assert len(lesser.objects()) < len(before)
    else:
        assert not report.applied
        assert "forbids" in report.forbidden
        assert lesser.objects() == before


def test_check_writes_nothing(lesser: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all rights or few, `check` leaves the store as it is and finds no fault in its rights.

    Only its look at the store is called: there is no server behind this instance.
    """
    for name in ("_look_at_server", "_look_at_gates", "_look_at_engine"):
        monkeypatch.setattr(f"redis_dr.flows.runbook.observe.check.{name}", lambda *_: None)
    before = lesser.objects()
    check(lesser.instance)
    assert lesser.objects() == before
    for name, value in lesser.environment.items():
        monkeypatch.setenv(name, value)
    with lesser.lesser:
        report = check(lesser.instance)
    words = {one.check: one for one in report.findings}
    assert "the store answers" not in words
    assert not [one for one in report.findings if "AccessDenied" in str(one.actual)]
    if lesser.environment:
        assert words["clock of the store"].ok


def test_the_doctor_sweeps_what_dead_doctors_left(tmp_path: Path) -> None:
    """Probes that are older than any doctor runs go with the next one, or with a prune."""
    how = directory_settings(tmp_path / "store")
    store_backup(how)
    here, store = instance(how), open_store(how)
    for clean in (lambda: doctor(here), lambda: prune(here, apply=True)):
        left = f"{here.name}/doctor/0123456789ab"
        store.create(left, b"redis-dr doctor")
        long_ago = (NOW - timedelta(days=3)).timestamp()
        os.utime(tmp_path / "store" / left, (long_ago, long_ago))
        clean()
        assert store.stat(left) is None


def _outcome(verb: object) -> Report | RedisDrError:
    try:
        return verb()  # type: ignore[operator, no-any-return] # a verb of the sweep
    except StoreError as error:
        return error


def _may_add(lesser: Store, before: object) -> bool:
    return lesser.objects() != before
