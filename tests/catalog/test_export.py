"""`export` writes one database to a file, for this user alone, and never over another file."""

import stat
from pathlib import Path

import pytest

from redis_dr import api
from redis_dr.tasks.model.errors import Refused, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.backups import store_backup


def test_the_file_is_for_its_user_alone(weka: Instance, tmp_path: Path) -> None:
    """It holds production's data in plain."""
    store_backup(weka.store)
    output = tmp_path / "new" / "db0.rdb"
    report = api.export(weka, api.ExportRequest("latest", 0, output))
    assert report.ok
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_a_file_that_exists_stays(weka: Instance, tmp_path: Path) -> None:
    """Unless the caller says so."""
    store_backup(weka.store)
    output = tmp_path / "db0.rdb"
    output.write_text("the only copy")
    with pytest.raises(Refused, match="exists already"):
        api.export(weka, api.ExportRequest("latest", 0, output))
    assert output.read_text() == "the only copy"
    assert api.export(weka, api.ExportRequest("latest", 0, output, overwrite=True)).ok
    assert output.read_bytes().startswith(b"REDIS")


def test_a_negative_database_is_a_wrong_word(weka: Instance, tmp_path: Path) -> None:
    """No file is written."""
    store_backup(weka.store)
    with pytest.raises(UsageError, match="--db -1"):
        api.export(weka, api.ExportRequest("latest", -1, tmp_path / "db.rdb"))
    assert not (tmp_path / "db.rdb").exists()


def test_a_folder_that_cannot_be_made_is_a_wrong_word(weka: Instance, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    store_backup(weka.store)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be created"):
        api.export(weka, api.ExportRequest("latest", 0, tmp_path / "file" / "db.rdb"))
