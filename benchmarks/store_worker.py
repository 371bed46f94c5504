"""What benchmarks/store.py runs in processes of their own, to see what each costs alone."""

import os
from pathlib import Path

from redis_dr.tasks.model.backup.manifest import StoredFile
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.pipeline.files import StoreFolder, check_stored, open_file, store_file
from redis_dr.tasks.storage.s3.client import make_client


def work(what: str) -> None:
    """One measurement; the stored file's noun is handed from one process to the next in a file."""
    settings = StoreSettings(
        url=f"s3://{os.environ['BENCH_BUCKET']}/dr", endpoint_url=os.environ["BENCH_URL"]
    )
    store, noun = open_store(settings), Path("stored.json")
    if what.startswith("store"):
        with Path("source").open("rb") as source:
            file = store_file(StoreFolder(store, "", settings), "dump.rdb", "rdb", source)
        if what == "store":
            check_stored(store, "", file)
        noun.write_text(file.model_dump_json())
        return
    file = StoredFile.model_validate_json(noun.read_text())
    if what == "check":
        check_stored(store, "", file)
    elif what == "read":
        with open_file(store, "", file) as opened:
            while opened.read(2**20):
                pass
    else:
        _download(settings, file)


def _download(settings: StoreSettings, file: StoredFile) -> None:
    bucket = settings.url.removeprefix("s3://").split("/")[0]
    with Path("sink").open("wb") as sink:
        make_client(settings).download_fileobj(bucket, f"dr/{file.stored_name}", sink)
