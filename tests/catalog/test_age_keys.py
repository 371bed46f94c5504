"""Keys of the store: made as the docs say, tried by the doctor, named where they are missing."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest

from redis_dr.flows.runbook.catalog.doctor import doctor
from redis_dr.flows.runbook.catalog.list import show_backup
from redis_dr.flows.runbook.catalog.verify import ALL, verify
from redis_dr.tasks.model.errors import UsageError
from tests.support.backups import instance, store_backup
from tests.support.stores import directory_settings

NOW = datetime.now(UTC)
GUIDE = Path(__file__).parents[2] / "docs" / "keys-and-passwords.md"
IDENTITY = "REDIS_DR_AGE_IDENTITY_FILE"


def _key(folder: Path, name: str) -> tuple[str, Path]:
    identity = pyrage.x25519.Identity.generate()
    path = folder / name
    path.write_text(f"{identity}\n")
    return str(identity.to_public()), path


def test_a_backup_that_no_identity_opens_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`verify --all` reads every other backup, keeps no verdict about that one, and ends with 1.

    Alone it is wrong usage, as before.
    """
    (old, _), (new, file) = (_key(tmp_path, name) for name in ("old", "new"))
    lost, good = (
        store_backup(
            directory_settings(tmp_path / "store", age_recipients=(key,)), NOW - timedelta(days=day)
        ).backup_id
        for key, day in ((old, 1), (new, 2))
    )
    monkeypatch.setenv(IDENTITY, str(file))
    here = instance(directory_settings(tmp_path / "store"))
    report = verify(here, ALL)

    lines = {one.backup_id: (one.ok, one.opened) for one in report.backups}
    assert lines == {lost: (False, False), good: (True, True)}
    bad = [one for one in report.findings if not one.ok]
    assert [one.check for one in bad] == [f"{lost} can be opened"]
    assert (report.ok, report.damaged, report.exit_code) == (False, False, 1)
    assert (show_backup(here, lost).proofs, show_backup(here, lost).proof) == ((), "unproven")
    assert show_backup(here, good).verified_at
    with pytest.raises(UsageError):
        verify(here, lost)


def test_damage_outweighs_a_key_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a damaged backup beside the closed one the exit code is 6."""
    key, _ = _key(tmp_path, "lost")
    how = directory_settings(tmp_path / "store", age_recipients=(key,))
    store_backup(how, NOW - timedelta(days=1))
    plain = store_backup(directory_settings(tmp_path / "store"), NOW - timedelta(days=2))
    monkeypatch.delenv(IDENTITY, raising=False)
    file = next((tmp_path / "store").rglob(f"{plain.backup_id}/dump.rdb.zst"))
    file.write_bytes(bytes(len(file.read_bytes())))
    report = verify(instance(how), ALL)

    assert (report.damaged, report.exit_code) == (True, 6)


@pytest.mark.parametrize(
    ("recipient", "identity", "bad"),
    [
        ("right", "right", None),
        ("right", None, None),
        ("right", "wrong", "the identity opens what is encrypted for the recipients"),
        ("nonsense", None, "the recipients can be encrypted for"),
    ],
)
def test_the_doctor_tries_the_keys(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recipient: str,
    identity: str | None,
    bad: str | None,
) -> None:
    """A recipient that is none, and an identity of somebody else, are bad; no identity is not."""
    key, right = _key(tmp_path, "right")
    _, wrong = _key(tmp_path, "wrong")
    monkeypatch.delenv(IDENTITY, raising=False)
    if identity:
        monkeypatch.setenv(IDENTITY, str(right if identity == "right" else wrong))
    recipients = (key if recipient == "right" else "age1nonsense",)
    report = doctor(instance(directory_settings(tmp_path / "store", age_recipients=recipients)))

    names = [one.check for one in report.findings]
    assert "the recipients can be encrypted for" in names
    assert [one.check for one in report.findings if not one.ok] == ([bad] if bad else [])


def test_the_documented_line_makes_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as it stands in the guide: only its owner reads the file, and a backup opens with it."""
    text = GUIDE.read_text()
    line = next(line for line in text.splitlines() if line.startswith("(umask 077; python -c"))
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, env={"PATH": path}, check=True)
    file = tmp_path / "identity.txt"
    key = file.read_text().splitlines()[0].removeprefix("# public key: ")
    how = directory_settings(tmp_path / "store", age_recipients=(key,))
    made = store_backup(how)
    monkeypatch.setenv(IDENTITY, str(file))

    assert file.stat().st_mode & 0o777 == 0o600
    assert verify(instance(how), made.backup_id).ok
