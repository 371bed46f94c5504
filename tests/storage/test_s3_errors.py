"""botocore's errors and the servers' codes: all become ours, with a remedy, and no secret."""

import inspect
import pickle

import botocore.exceptions
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from redis_dr.tasks.model.errors import StoreError, TransientStoreError, UsageError
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.storage.opening import open_store
from redis_dr.tasks.storage.s3.client import make_client
from redis_dr.tasks.storage.s3.errors import CODES, EXCEPTIONS, store_error
from tests.support.ports import free_port
from tests.support.s3_server import S3Server
from tests.support.stores import s3_settings

THEIRS = sorted(
    (
        kind
        for _, kind in inspect.getmembers(botocore.exceptions, inspect.isclass)
        if issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind not in {BotoCoreError, ClientError}
        and kind.__module__ == "botocore.exceptions"
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", THEIRS, ids=lambda kind: kind.__name__)
def test_every_exception_of_botocore_is_mapped(kind: type[Exception]) -> None:
    """When botocore grows an exception that the table does not know, this goes red."""
    if issubclass(kind, ClientError):
        return  # mapped by the server's code, below
    assert {base.__name__ for base in kind.__mro__} & EXCEPTIONS.keys()


def _answer(code: str, status: int) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "key AKIASECRET is unknown"},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item] # the part that is read
        },
        "PutObject",
    )


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_remedy(code: str) -> None:
    """The sentence names the operation, the code and the store, and survives pickling."""
    error = store_error(_answer(code, 400), "s3://b/p")

    assert isinstance(error, StoreError)
    assert error.exit_code == 5
    assert "PutObject" in error.problem
    assert code in error.problem
    assert "s3://b/p" in error.problem
    assert error.remedy
    assert pickle.loads(pickle.dumps(error)).args == error.args  # noqa: S301 our own bytes


@pytest.mark.parametrize(
    ("code", "status", "transient"),
    [
        ("SlowDown", 503, True),
        ("InternalError", 500, True),
        ("Strange", 502, True),
        ("Strange", 429, True),
        ("BadDigest", 400, True),
        ("InvalidPart", 400, True),
        ("NoSuchUpload", 404, True),
        ("ConditionalRequestConflict", 409, True),
        ("AccessDenied", 403, False),
        ("Strange", 403, False),
        ("NoSuchBucket", 404, False),
        ("ExpiredToken", 400, False),
        ("RequestTimeTooSkewed", 403, False),
        ("NotImplemented", 501, False),
        ("InsufficientStorage", 507, False),
        ("Strange", 400, False),
    ],
)
def test_what_may_pass_is_transient(code: str, status: int, transient: bool) -> None:
    """As measured in facts/s3.md 5: the same call may succeed later, or it never will."""
    assert isinstance(store_error(_answer(code, status), "x"), TransientStoreError) == transient


def test_no_text_of_the_server_gets_through() -> None:
    """Servers repeat key ids and paths in their messages; ours never do."""
    assert "AKIASECRET" not in str(store_error(_answer("InvalidAccessKeyId", 403), "x"))


def test_a_wrong_secret_says_so(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 5, the variable to look at, and no credential in the text."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrongwrongwrong")
    store = open_store(s3_settings(s3_server, s3_server.new_bucket()))

    with pytest.raises(StoreError, match="AWS_SECRET_ACCESS_KEY") as caught:
        list(store.list(""))
    assert "wrongwrong" not in str(caught.value)
    assert s3_server.access_key not in str(caught.value)
    assert not caught.value.transient


def test_no_credentials_say_so(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3's chain came up with nothing."""
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    store = open_store(s3_settings(s3_server, "whatever"))

    with pytest.raises(StoreError, match="NoCredentialsError"):
        list(store.list(""))


def test_a_missing_bucket_says_so(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is to create it, or to correct the URL."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    store = open_store(s3_settings(s3_server, "nobody-made-this"))

    with pytest.raises(StoreError, match="create the bucket"):
        list(store.list(""))


def test_nobody_there_is_transient(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused port may answer later; the sentence names the setting to look at."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    options = {"endpoint_url": f"http://127.0.0.1:{free_port()}", "attempts": 1}
    store = open_store(s3_settings(s3_server, "b", **options))

    with pytest.raises(TransientStoreError, match=r"store\.endpoint_url"):
        store.stat("k")


def test_an_unknown_authority_says_so(
    s3_tls_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the bundle the certificate is refused, and the sentence names the setting."""
    for name, value in s3_tls_server.environment.items():
        monkeypatch.setenv(name, value)
    store = open_store(s3_settings(s3_tls_server, "b", ca_bundle=None, attempts=1))

    with pytest.raises(StoreError, match=r"store\.ca_bundle") as caught:
        store.stat("k")
    assert not caught.value.transient


@pytest.mark.parametrize("endpoint", ["not a url", "://", "host:9000"])
def test_a_nonsense_endpoint_is_wrong_usage(endpoint: str) -> None:
    """Nothing is contacted; exit code 2."""
    with pytest.raises(UsageError, match="HOST:PORT"):
        make_client(StoreSettings(url="s3://b", endpoint_url=endpoint))
