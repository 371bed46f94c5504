"""Tests the configured store over its real transport: each permission on its own, and its clock."""

import contextlib
import io
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from redis_dr.tasks.model.catalog.store_reports import Capability
from redis_dr.tasks.model.errors import RedisDrError, Refused, StoreForbids
from redis_dr.tasks.model.report import Finding, Report
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.step import step
from redis_dr.tasks.storage.base.protocol import ObjectStore
from redis_dr.tasks.storage.base.streams import stream
from redis_dr.tasks.storage.directory.probe import probe_directory
from redis_dr.tasks.storage.directory.store import DirectoryStore

_SMALL = b"redis-dr doctor"
_SKEW = timedelta(seconds=60)  # S3 itself refuses at 15 minutes; leases and retention want less


@step
def probe_verbs(store: ObjectStore, settings: StoreSettings, instance: str) -> tuple[Finding, ...]:
    """Write, see, read, list, replace, create, delete: one finding for each, none skipped."""
    key = f"{doctor_prefix(instance)}{secrets.token_hex(6)}"
    probes: tuple[tuple[str, Callable[[], object], object], ...] = (
        ("write a small object", lambda: store.put(key, io.BytesIO(_SMALL)), len(_SMALL)),
        ("see it", lambda: getattr(store.stat(key), "size", None), len(_SMALL)),
        ("read it", lambda: _read(store, key, 0), _SMALL),
        ("read the end of it", lambda: _read(store, key, 5), _SMALL[5:]),
        ("list it", lambda: [one.key for one in store.list(key)], [key]),
        ("not find what is not there", lambda: store.stat(key + "-absent"), None),
        ("write a long object", lambda: _long(store, key, settings.part_size + 1), True),
        ("refuse a second create", lambda: _created_twice(store, key + "-once"), False),
        ("leave nothing of a broken upload", lambda: _broken(store, key + "-half", settings), None),
        ("list unfinished uploads", lambda: _swept(store), True),
    )
    findings = tuple(_finding(name, probe, expected) for name, probe, expected in probes)
    return findings + _deleted(store, key)


def _deleted(store: ObjectStore, key: str) -> tuple[Finding, ...]:
    """A key that may not delete is a way to protect backups; then `prune` runs with another one."""
    try:
        store.delete(key)
    except StoreForbids as error:
        allowed = "forbidden: `prune` has to run with credentials that may delete"
        return (Finding(check="delete it", ok=True, actual=allowed, detail=error.problem),)
    except RedisDrError as error:
        return (Finding(check="delete it", ok=False, actual=error.problem, detail=error.remedy),)
    return (
        Finding(check="delete it", ok=True),
        _finding("see that it is gone", lambda: store.stat(key), None),
    )


@step
def sweep_probes(store: ObjectStore, instance: str, before: datetime) -> None:
    """Remove what dead or forbidden doctors left, where this key may delete. Raises StoreError."""
    with contextlib.suppress(StoreForbids):
        for found in list(store.list(doctor_prefix(instance))):
            if found.modified < before:
                store.delete(found.key)


@step
def probe_clock(store: ObjectStore, instance: str) -> Finding:
    """The store's clock against this machine's."""
    key = f"{doctor_prefix(instance)}{secrets.token_hex(6)}-clock"
    before = datetime.now(UTC)
    store.put(key, io.BytesIO(_SMALL))
    after = datetime.now(UTC)
    found = store.stat(key)
    _take_away(store, key)
    modified = found.modified if found else after
    # S3 tells whole seconds
    return _clocks(max(before - modified - timedelta(seconds=1), modified - after, timedelta(0)))


def read_clock(store: ObjectStore) -> Finding | None:
    """The same by the answers so far, without a write; None where they tell no time."""
    ahead = store.clock_ahead()
    return None if ahead is None else _clocks(abs(ahead))


def _clocks(skew: timedelta) -> Finding:
    return Finding(
        check="clocks agree",
        ok=skew <= _SKEW,
        expected=f"within {_SKEW.total_seconds():.0f} s",
        actual=f"{skew.total_seconds():.0f} s apart",
        detail="" if skew <= _SKEW else "set the clock of this machine or of the store (NTP)",
    )


@step
def probe_capabilities(store: ObjectStore, instance: str) -> tuple[Capability, ...]:
    """What the store can be trusted with beyond the verbs. Raises StoreError."""
    if isinstance(store, DirectoryStore):
        return probe_directory(store, doctor_prefix(instance))
    from redis_dr.tasks.storage.s3.probe import probe_s3  # noqa: PLC0415 same
    from redis_dr.tasks.storage.s3.store import S3Store  # noqa: PLC0415 boto3 loads only when needed

    return probe_s3(store, doctor_prefix(instance)) if isinstance(store, S3Store) else ()


@step
def probe_followed(
    store: ObjectStore, settings: StoreSettings, instance: str
) -> tuple[Finding, ...]:
    """Settings that the store takes and ignores are worse than none. Raises StoreError."""
    if isinstance(store, DirectoryStore):
        return tuple(
            Finding(
                check="the store follows its settings",
                ok=False,
                actual=f"store.{name}",
                detail="a directory has no such thing; unset it, or use S3",
            )
            for name in (
                "server_side_encryption",
                "storage_class",
                "object_lock_mode",
                "legal_hold",
            )
            if getattr(settings, name)
        )
    from redis_dr.tasks.storage.s3.probe import probe_settings  # noqa: PLC0415 same
    from redis_dr.tasks.storage.s3.store import S3Store  # noqa: PLC0415 boto3 loads only when needed

    return probe_settings(store, settings, instance) if isinstance(store, S3Store) else ()


def doctor_prefix(instance: str) -> str:
    """Where the probes write."""
    return f"{instance}/doctor/"


def report_key(instance: str, at: datetime) -> str:
    """A new key for the doctor's report in the store."""
    return f"{instance}/reports/doctor/{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}.json"


@step
def keep_report(store: ObjectStore, key: str, report: Report) -> None:
    """Keep the doctor's report in the store. Raises StoreError."""
    store.put(key, io.BytesIO(report.model_dump_json(indent=1).encode()))


def _finding(name: str, probe: Callable[[], object], expected: object) -> Finding:
    try:
        actual = probe()
    except RedisDrError as error:
        return Finding(check=name, ok=False, actual=error.problem, detail=error.remedy)
    return Finding(
        check=name, ok=actual == expected, expected=_shown(expected), actual=_shown(actual)
    )


def _shown(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def _read(store: ObjectStore, key: str, offset: int) -> bytes:
    with store.open(key, offset) as source:
        return source.read()


def _long(store: ObjectStore, key: str, size: int) -> bool:
    written = store.put(key, io.BytesIO(bytes(size)))
    with store.open(key) as source:
        found = 0
        while data := source.read(2**20):
            found += len(data)
    return (written, found) == (size, size)


def _created_twice(store: ObjectStore, key: str) -> bool:
    try:
        store.create(key, b"first")
        store.create(key, b"second")
    except Refused:
        return False
    finally:
        _take_away(store, key)
    return True


def _broken(store: ObjectStore, key: str, settings: StoreSettings) -> object:
    """What a source that breaks after more than one part leaves behind: None, hopefully."""
    try:
        store.put(key, _breaking(settings.part_size + 2**20))
    except Refused:
        left = [one.key for one in store.sweep(datetime.max.replace(tzinfo=UTC), apply=False)]
        return store.stat(key) or next((one for one in left if one == key), None)
    return "the broken source was not noticed"


def _breaking(size: int) -> BinaryIO:
    given = 0

    def pull(wanted: int) -> bytes:
        nonlocal given
        if given >= size:
            raise Refused("the probe's source breaks here, on purpose", "nothing: it is a test")
        given += wanted
        return bytes(wanted)

    return stream(pull, lambda: None)


def _swept(store: ObjectStore) -> bool:
    store.sweep(datetime.min.replace(tzinfo=UTC), apply=False)
    return True


def _take_away(store: ObjectStore, key: str) -> None:
    """Remove a probe; where this key may not delete, the sweep of another one does it later."""
    with contextlib.suppress(StoreForbids):
        store.delete(key)
