"""A store that somebody else can write to: an object costs itself at most, and never a verb."""

import json
import os
import resource
import subprocess
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redis_dr.flows.runbook.catalog.list import list_backups, show_backup
from redis_dr.flows.runbook.catalog.prune import prune
from redis_dr.flows.runbook.catalog.verify import ALL, verify
from redis_dr.tasks.catalog.catalog import commit
from redis_dr.tasks.catalog.judged import open_catalog
from redis_dr.tasks.model.backup.manifest import Manifest
from redis_dr.tasks.model.backup.store_layout import backup_prefix
from redis_dr.tasks.model.catalog.store_reports import ListReport
from redis_dr.tasks.model.errors import Damaged, SaveFailed, UsageError
from redis_dr.tasks.model.observe.check_store import judge_catalog
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.storage.base.protocol import ObjectStore
from tests.support.backups import NAME, days_ago, manifest, store_backup

VICTIM = "20261121T020000Z-0000ff"
BRACKETS = b"[" * 200_000
TEXTS = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"until":NaN}',
    b'{"a":1e999}',
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"backup_id":1,"backup_id":2}',
    b'{"a":"\\ud800"}',
    b"\xff\xfe{\x00}\x00",
    BRACKETS,
    b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    b'{"a":[' + b"{}," * 60_000 + b"{}]}",
)
TIMES = ("2026-11-22T12:00:00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", 0, None)


def sealed(fields: dict[str, Any]) -> bytes:
    """A manifest with a fitting hash of itself, as anybody can make one without a key."""
    fields = {name: value for name, value in fields.items() if name != "manifest_sha256"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return json.dumps({**fields, "manifest_sha256": sha256(text.encode()).hexdigest()}).encode()


def fields_of(backup_id: str = VICTIM, **changed: Any) -> dict[str, Any]:
    """The fields of a good manifest, some of them changed."""
    fields: dict[str, Any] = json.loads(manifest(backup_id=backup_id).to_json())
    return {**fields, **changed}


def file_fields(**changed: Any) -> dict[str, Any]:
    """One entry of `files`."""
    fields: dict[str, Any] = fields_of()["files"][0]
    return {**fields, **changed}


def every_verb(weka: Instance, sound: str) -> ListReport:
    """All verbs that read the catalog end, and the sound backup is what it was."""
    report = list_backups(weka)
    assert sound in [one.backup_id for one in report.backups]
    assert show_backup(weka, sound).manifest.backup_id == sound
    json.loads(report.model_dump_json())
    for odd in (*report.strange, *report.unreadable):
        assert odd.name.isprintable()
        odd.reason.encode()
    assert judge_catalog(open_catalog(weka), weka, datetime.now(UTC))
    prune(weka, apply=False)
    return report


@pytest.fixture
def sound(weka: Instance) -> str:
    """A backup that nobody touches."""
    return store_backup(weka.store).backup_id


def put(weka: Instance, key: str | bytes, body: bytes) -> Path:
    """Write a file into the store, beside the program."""
    root = os.fsencode(weka.store.url.removeprefix("file:"))
    path = Path(os.fsdecode(root + b"/" + (key.encode() if isinstance(key, str) else key)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/cron.d/x",
        "/etc/cron.d/x",
        "appendonly/../../x",
        "appendonly/a/b",
        "appendonly/..",
        "appendonly/",
        "appendonly/a\\b",
        "appendonly/a\nb",
        "appendonly/manifest",
        "appendonly/" + "x" * 256,
        "other/a.aof",
        "dump.rdb",
        "",
    ],
)
@pytest.mark.parametrize("role", ["aof-base", "aof-incr", "aof-manifest"])
def test_a_manifest_that_names_any_other_file_is_not_read(name: str, role: str) -> None:
    """The role decides the name; what is left is one component. No key is needed to write this."""
    file = file_fields(name=name, role=role, stored_name=f"{name}.zst")
    if (role, name) == ("aof-manifest", "appendonly/manifest"):
        return
    body = sealed(fields_of(files=[file_fields(), file]))
    with pytest.raises(Damaged, match="is not a manifest: files"):
        Manifest.from_json(body, "here")


@pytest.mark.parametrize("stored", ["../x.zst", "other.zst", "dump.rdb", "dump.rdb.zst.age", ""])
def test_a_stored_name_follows_from_name_and_packing(stored: str) -> None:
    """Nothing else is opened, copied or removed for a backup."""
    body = sealed(fields_of(files=[file_fields(stored_name=stored)]))
    with pytest.raises(Damaged, match="stored name"):
        Manifest.from_json(body, "here")


@pytest.mark.parametrize(
    "names",
    [
        {"dbfilename": "../x"},
        {"dbfilename": "--loadmodule"},
        {"appenddirname": ".redis-dr"},
        {"appendfilename": "a/b"},
        {"dir": "data"},
        {"dir": "/data\n"},
        {"appenddirname": "dump.rdb"},
    ],
)
def test_names_of_the_server_in_a_manifest_are_judged_as_those_of_a_server(
    names: dict[str, str],
) -> None:
    """They become paths in a helper container when the server cannot be asked."""
    settings = {**fields_of()["persistence"], **names}
    with pytest.raises(Damaged, match="is not a manifest"):
        Manifest.from_json(sealed(fields_of(persistence=settings)), "here")


@pytest.mark.parametrize("at", TIMES)
def test_a_moment_that_cannot_be_makes_one_backup_unusable(
    weka: Instance, sound: str, at: object
) -> None:
    """Naive, far away, no time: `list`, `check`, `prune`, `show` and `verify` go on."""
    put(weka, f"{backup_prefix(NAME, VICTIM)}manifest.json", sealed(fields_of(created_at=at)))
    report = every_verb(weka, sound)
    assert [one.name for one in report.unreadable] == [VICTIM]
    assert "created_at" in report.unreadable[0].reason
    assert not verify(weka, ALL).ok


@pytest.mark.parametrize("place", ["manifest", "lease", "acceptance", "proof", "pin"])
@pytest.mark.parametrize("body", TEXTS, ids=lambda body: str(body[:12]))
def test_a_text_that_is_no_document_costs_its_own_object(
    weka: Instance, sound: str, place: str, body: bytes
) -> None:
    """In every place from which a document is read; it is named there."""
    own = backup_prefix(NAME, sound)
    key = {
        "manifest": f"{backup_prefix(NAME, VICTIM)}manifest.json",
        "lease": f"{NAME}/restores/x.json",
        "acceptance": f"{own}accepted.json",
        "proof": f"{own}proofs/20261123T000000.000000Z-drill-ok-abc.json",
        "pin": f"{own}pin.json",
    }[place]
    put(weka, key, body)
    report = every_verb(weka, sound)

    if place == "manifest":
        assert [one.name for one in report.unreadable] == [VICTIM]
    elif place in {"lease", "acceptance"}:
        assert [one.name for one in report.strange] == [key]
        assert not report.backups[0].accepted
        assert report.backups[0].in_use_until is None


@pytest.mark.parametrize(
    "name", ["99999999T999999.999999Z-drill-ok-a.json", "20261123T000000Z-drill-ok.json", "x.json"]
)
def test_a_proof_under_a_name_that_is_no_proof_s_is_named(
    weka: Instance, sound: str, name: str
) -> None:
    """It proves nothing, disproves nothing, and stops nothing."""
    key = f"{backup_prefix(NAME, sound)}proofs/{name}"
    put(weka, key, b"{}")
    report = every_verb(weka, sound)
    assert [one.name for one in report.strange] == [key]
    assert report.backups[0].proof == "unproven"


ODD = (b"\xff\xfe", b"a\\b", b"a\nb", b"\x1b[2J", b"-rf", "é\u202e".encode(), b" ")


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    "folder", ["backups/", f"backups/{VICTIM}/", f"backups/{VICTIM}/proofs/", "restores/"]
)
def test_a_file_name_of_any_bytes_is_listed_and_stops_nothing(
    weka: Instance, sound: str, folder: str, name: bytes
) -> None:
    """Bytes that are not UTF-8, backslashes, line ends, escapes: in each folder that is read."""
    put(weka, f"{NAME}/{folder}".encode() + name, b"x")
    store_backup(weka.store, days_ago(1), backup_id=VICTIM)
    put(weka, f"{NAME}/{folder}".encode() + name + b"2", b"x")
    report = every_verb(weka, sound)
    if "proofs" not in folder:
        assert len(report.strange) == 2


def test_a_tree_without_an_end_and_a_time_without_a_date_are_listed(
    weka: Instance, sound: str
) -> None:
    """A thousand folders in each other; a file of the year 300,000."""
    folder = put(weka, f"{backup_prefix(NAME, sound)}a/x", b"x").parent
    before = Path.cwd()
    os.utime(put(weka, f"{NAME}/backups/late", b"x"), (0, 2.0**33))
    try:
        os.chdir(folder)
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        os.chdir(before)
        every_verb(weka, sound)
    finally:
        os.chdir(before)
        # what the standard library removes trees with does not come to the end of this one
        subprocess.run(["rm", "-rf", folder / "d"], check=True)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(TIMES)
    | st.sampled_from([NAME, VICTIM, "drill", "../x", 2**63, -1]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def _mutated(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(sorted(fields)), json_values, max_size=3).map(
        lambda changed: {**fields, **changed}
    )


manifests = _mutated(fields_of()).map(sealed)
leases = _mutated({"backup_id": VICTIM, "until": "2026-11-22T12:00:00Z"})
acceptances = _mutated({"at": "2026-11-22T12:00:00Z", "by": "a", "reason": "b"})
REPORT = {"command": "drill", "instance": NAME, "backup_id": VICTIM, "ok": True, "proven": True}
STATEMENT = {"subject": [], "predicate": {"report": REPORT, "backup": {}}, "payload": "e30="}
proofs = _mutated(STATEMENT) | _mutated(REPORT)
notes = (leases | acceptances | proofs | json_values).map(lambda one: json.dumps(one).encode())
bodies = manifests | notes | st.binary(max_size=60) | st.sampled_from(TEXTS)
names = st.sampled_from(
    [
        f"backups/{VICTIM}/manifest.json",
        f"backups/{VICTIM}/accepted.json",
        f"backups/{VICTIM}/pin.json",
        f"backups/{VICTIM}/proofs/20261123T000000.000000Z-drill-ok-abc.json",
        f"backups/{VICTIM}/proofs/20261123T000000.000000Z-restore-bad-abc.json",
        f"backups/{VICTIM}/proofs/20261123T000000.000000Z-verify-ok-abc.json",
        "restores/x.json",
    ]
) | st.binary(min_size=1, max_size=12).filter(lambda name: not {0, 47, 46} & {*name}).map(
    lambda name: b"backups/" + name
)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(objects=st.dictionaries(names, bodies, min_size=1, max_size=4))
def test_whatever_lies_in_a_store_is_read_rightly_or_named(
    tmp_path_factory: pytest.TempPathFactory,
    objects: dict[str | bytes, bytes],
) -> None:
    """Any JSON, any bytes, any name, any time, in every place: all verbs go on.

    A manifest that is read is one that could have been written: it is read again as it was.
    """
    from tests.support.backups import instance  # noqa: PLC0415 the fixture gives one per test, not per example
    from tests.support.stores import directory_settings  # noqa: PLC0415 same

    weka = instance(directory_settings(tmp_path_factory.mktemp("any") / "store"))
    sound = store_backup(weka.store, days_ago(1))
    for name, body in objects.items():
        put(weka, NAME.encode() + b"/" + (name.encode() if isinstance(name, str) else name), body)
    every_verb(weka, sound.backup_id)
    catalog = open_catalog(weka)
    assert sound in catalog.manifests
    for one in catalog.manifests:
        assert Manifest.from_json(one.to_json(), "again") == one
        assert catalog.moment(one).tzinfo


def test_manifests_cost_bounded_time_and_memory(weka: Instance, sound: str) -> None:
    """Four of 60 MB took 95 s and 6.35 GB. They are named, and nobody reads them."""
    one = b'{"a":[' + b'{"b":1},' * 7_500_000 + b"1]}"
    for number in range(4):
        key = backup_prefix(NAME, f"20261121T02000{number}Z-0000ff")
        put(weka, f"{key}manifest.json", one)
        put(weka, f"{backup_prefix(NAME, VICTIM[:-1] + str(number))}manifest.json", one[:4_000_000])
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    report = every_verb(weka, sound)

    assert len(report.unreadable) == 8
    assert time.process_time() - begun < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_a_listing_of_many_large_manifests_reads_the_smallest(
    weka: Instance, sound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All together are bounded as well; those that are too much are named."""
    monkeypatch.setattr("redis_dr.tasks.catalog.documents._ALL_MANIFESTS", 2_000_000)
    for number in range(3):
        fields = fields_of(f"20261121T02000{number}Z-0000ff", start_line=["x" * 900_000])
        put(weka, f"{backup_prefix(NAME, fields['backup_id'])}manifest.json", sealed(fields))
    report = every_verb(weka, sound)
    reasons = [one.reason for one in report.unreadable]
    assert len([one for one in reasons if "all manifests together" in one]) == 1


def test_what_could_not_be_read_again_is_never_committed(
    store: ObjectStore, weka: Instance
) -> None:
    """A backup whose manifest this program would refuse fails at once, not on the bad day."""
    odd = manifest().model_copy(update={"start_line": ("x" * 5_000_000,)})
    with pytest.raises(SaveFailed, match="could not be read back"):
        commit(store, odd)
    assert open_catalog(weka).manifests == ()


def test_a_lease_of_nobody_keeps_no_prune_from_working(
    weka: Instance, store: ObjectStore, sound: str
) -> None:
    """An object among the leases with a name that the store's door refuses."""
    for name in (b"a\\b.json", b"\xff.json", b"x.json"):
        path = put(weka, f"{NAME}/restores/".encode() + name, b"{}")
        os.utime(path, (0, 0))
    report = prune(weka, apply=True, despite_drift=True)
    assert report.ok, report.findings
    assert not Path(path).exists()


def test_a_date_that_is_read_is_one_that_counts(weka: Instance, sound: str) -> None:
    """With an offset it is the same moment in UTC."""
    at = "2026-11-22T13:30:00+01:30"
    body = sealed(fields_of(created_at=at))
    assert Manifest.from_json(body, "x").created_at == days_ago(0)
    assert Manifest.from_json(body, "x").created_at.utcoffset() == timedelta(0)
    with pytest.raises(UsageError, match="format 2"):
        Manifest.from_json(sealed(fields_of(format_version=2)), "x")
