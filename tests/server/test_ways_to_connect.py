"""Every way to reach a server that a setting names: TLS, client certificates, sockets, users."""

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.model.errors import NotReady, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.address import username_of
from redis_dr.tasks.server.connection import ServerConnection, connect_as_stranger
from redis_dr.tasks.server.errors import redis_errors
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer
from tests.support.tls_redis import TlsRedis, start_tls_redis

QUICK = {"max_retries": 0, "timeout_seconds": 5}


@pytest.fixture(scope="module")
def tls(
    docker_client: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsRedis]:
    """A server with TLS only, which demands a client certificate, as Redis does by default."""
    started = start_tls_redis(docker_client, tmp_path_factory.mktemp("tls"))
    yield started
    started.server.remove()


def ping(instance: Instance) -> bool:
    with ServerConnection(instance) as server, server.errors():
        return bool(server.client().ping())


def test_a_client_certificate_opens_the_door(tls: TlsRedis) -> None:
    """CA, certificate and key: the whole of Redis's default."""
    assert ping(tls.instance())
    with redis_errors("weka-redis"):
        assert ServerConnection(tls.instance()).client(3).set("a", "b")


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"tls_cert_file": None, "tls_key_file": None}, "set tls_cert_file and tls_key_file"),
        ({"ca_bundle": None}, "ca_bundle"),
        ({"ca_bundle": "other"}, "ca_bundle"),
        ({"tls_cert_file": "other", "tls_key_file": "other"}, "see tls_cert_file"),
        ({"tls_server_name": "elsewhere.example"}, "tls_server_name"),
    ],
    ids=["no certificate", "no CA", "another CA", "a stranger's certificate", "another name"],
)
def test_what_is_wrong_with_tls_is_told(
    tls: TlsRedis, settings: dict[str, str | None], remedy: str
) -> None:
    """Each has a sentence and the setting that mends it, exit code 2, at once."""
    theirs = {
        "ca_bundle": tls.strangers.ca_bundle,
        "tls_cert_file": tls.strangers.client_certificate,
        "tls_key_file": tls.strangers.client_key,
    }
    given = {
        name: str(theirs[name]) if value == "other" else value for name, value in settings.items()
    }
    with pytest.raises(UsageError, match="TLS handshake failed") as caught:
        ping(tls.instance(resilience=QUICK, **given))
    assert remedy in caught.value.remedy


def test_a_name_that_the_certificate_does_not_have_is_accepted_on_request(tls: TlsRedis) -> None:
    """`tls_check_hostname = false`, or the name that it has; the CA is checked all the same."""
    named = tls.instance(tls_server_name="elsewhere.example")
    with pytest.raises(UsageError, match="TLS handshake failed"):
        ping(named)
    assert ping(named.model_copy(update={"tls_check_hostname": False}))
    assert ping(named.model_copy(update={"tls_server_name": "localhost"}))
    unknown = {"tls_check_hostname": False, "ca_bundle": str(tls.strangers.ca_bundle)}
    with pytest.raises(UsageError, match="TLS handshake failed"):
        ping(named.model_copy(update=unknown))


def test_the_key_of_the_certificate_may_have_a_password(tls: TlsRedis, tmp_path: Path) -> None:
    """From a file; without it an error, and no question on the terminal."""
    locked = tls.certificates.locked_key(tmp_path, "open sesame")
    (tmp_path / "secret").write_text("open sesame\n")
    opened = {"tls_key_file": str(locked), "tls_key_password_file": str(tmp_path / "secret")}
    assert ping(tls.instance(**opened))
    with pytest.raises(UsageError):
        ping(tls.instance(tls_key_file=str(locked), resilience=QUICK))


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_lowest_version_is_asked_for(tls: TlsRedis, version: str) -> None:
    """A server of 1.2 at most is refused by 1.3."""
    assert ping(tls.instance(tls_min_version=version))
    tls.server.sh(f"{tls.cli} config set tls-protocols TLSv1.2")
    try:
        if version == "1.2":
            assert ping(tls.instance(tls_min_version=version))
        else:
            with pytest.raises((UsageError, NotReady)):
                ping(tls.instance(tls_min_version=version, resilience=QUICK))
    finally:
        tls.server.sh(f"{tls.cli} config set tls-protocols ''")


def test_plain_words_at_a_tls_port_are_told(tls: TlsRedis) -> None:
    """`redis://` where `rediss://` was meant, and the other way round."""
    plain = {"tls_cert_file": None, "tls_key_file": None, "ca_bundle": None, "resilience": QUICK}
    with pytest.raises((UsageError, NotReady)):
        ping(tls.instance(url=tls.url.replace("rediss", "redis"), **plain))


def test_a_stranger_without_a_password_shows_the_certificate(tls: TlsRedis) -> None:
    """`config check` knocks without a password, and with the rest of what TLS demands."""
    with pytest.raises(UsageError, match="password"), redis_errors("weka-redis"):
        connect_as_stranger(tls.instance()).ping()


@pytest.mark.parametrize(
    "setting",
    [
        {"tls_cert_file": "absent.pem", "tls_key_file": "absent.key"},
        {"ca_bundle": "absent.pem"},
        {"tls_key_password_file": "absent"},
    ],
    ids=str,
)
def test_a_file_that_is_not_there_is_named(setting: dict[str, str]) -> None:
    """Before anything is tried: no retries of a handshake."""
    instance = Instance(name="a", container="a", url="rediss://127.0.0.1:1", **setting)
    with pytest.raises(UsageError, match=next(iter(setting))):
        ping(instance)


@pytest.mark.parametrize(
    ("url", "settings", "words"),
    [
        ("rediss://h", {"tls_cert_file": __file__}, "only one of"),
        ("redis://h", {"tls_cert_file": __file__, "tls_key_file": __file__}, "url without TLS"),
        ("redis://h", {"tls_check_hostname": False}, "url without TLS"),
        ("unix:///tmp/s", {"ca_bundle": __file__}, "url without TLS"),
        ("redis://h/3", {}, "names database 3"),
        ("redis://h?ssl_cert_reqs=none", {}, "options behind its address"),
        ("redis://h#db", {}, "options behind its address"),
        ("unix://", {}, "not an address"),
        ("redis://one@h", {"username": "two"}, "two user names"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    url: str, settings: dict[str, object], words: str
) -> None:
    """Nothing that was written is left out in silence."""
    with pytest.raises(UsageError, match=words):
        ping(Instance.model_validate({"name": "a", "container": "a", "url": url, **settings}))


def test_a_user_of_the_url_is_the_user() -> None:
    """`redis://USER@HOST`, also with what a url must escape."""
    found = Instance(name="a", container="a", url="redis://app%20one@h:1/0")
    assert username_of(found) == "app one"


def test_relative_paths_of_certificates_start_at_the_configuration(tmp_path: Path) -> None:
    """As every path of the file."""
    (tmp_path / "redis-dr.toml").write_text(
        '[instances.a]\ncontainer = "a"\nurl = "rediss://h"\ntls_cert_file = "c.pem"\n'
        'tls_key_file = "k.pem"\ntls_key_password_file = "p"\n'
    )
    found = load_settings(tmp_path / "redis-dr.toml").instance("a")
    assert found.tls_cert_file == str(tmp_path / "c.pem")
    assert found.tls_key_file == str(tmp_path / "k.pem")
    assert found.tls_key_password_file == str(tmp_path / "p")


def test_a_socket_a_user_and_a_name(
    redis_factory: Callable[..., RedisServer], tmp_path: Path
) -> None:
    """
    Through a unix socket on a bind mount, as an ACL user, under a name of one's own; a user that
    may not name its connection is served as well.
    """
    tmp_path.chmod(0o777)
    server = redis_factory(
        args=["--unixsocket", "/sock/redis s.sock", "--unixsocketperm", "777"],
        volumes={str(tmp_path): {"bind": "/sock", "mode": "rw"}},
    )
    admin = server.client()
    admin.acl_setuser("app", enabled=True, passwords=["+pw"], commands=["+@all"], keys=["*"])
    app = {
        "url": f"unix://{tmp_path}/redis%20s.sock",
        "username": "app",
        "password": "pw",
        "client_name": "nightly-backup",
    }
    with ServerConnection(instance_of(server, **app)) as connection, connection.errors():
        client = connection.client(2)
        client.set("k", "v")
        named = [one for one in client.client_list() if one["name"] == "nightly-backup"]
        assert (named[0]["user"], named[0]["db"]) == ("app", "2")
        assert named[0]["addr"].startswith("/sock/")
    admin.acl_setuser("app", enabled=True, commands=["+@all", "-client"])
    assert ping(instance_of(server, **app))
