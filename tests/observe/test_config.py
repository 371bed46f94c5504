"""config render and config check, and that what is rendered really runs."""

import docker
import hypothesis.strategies as st
import pytest
import redis
import yaml
from hypothesis import given

from redis_dr.flows.runbook.observe.config import check, render
from redis_dr.tasks.model.observe.rendering import redis_conf, start_command
from redis_dr.tasks.model.server.server_config import judge_drift, normal, on_command_line
from redis_dr.tasks.model.settings.instance import RUNBOOK_SERVER
from tests.support.instance import instance_of
from tests.support.leftovers import labels
from tests.support.ports import free_port
from tests.support.redis_server import DEFAULT_IMAGE, PASSWORD
from tests.support.waiting import wait_until

AWKWARD = "p \"quoted\" \\back $HOME `id` 'single' %s #"


def bad(report) -> dict[str, str]:
    return {finding.check: finding.detail for finding in report.findings if not finding.ok}


def test_the_runbook_s_server_has_no_drift_but_its_password_is_in_sight(clean, instance):
    """Started with the runbook's settings: all the same; only the inline password is bad."""
    report = check(instance)

    assert list(bad(report)) == ["no password on the command line"]
    assert PASSWORD not in report.model_dump_json()


def test_a_changed_setting_is_named_with_its_meaning(clean, instance):
    """CONFIG SET appendfsync no: both values, and what it means."""
    clean.client().config_set("appendfsync", "no")
    try:
        report = check(instance)
    finally:
        clean.client().config_set("appendfsync", "everysec")

    finding = next(finding for finding in report.findings if finding.check == "appendfsync")
    assert (finding.ok, finding.expected, finding.actual) == (False, "everysec", "no")
    assert "power cut" in finding.detail


def test_what_a_restart_would_undo_is_named(clean, instance):
    """A timeout set at run time only: the running value is right, the next start's is not."""
    clean.client().config_set("timeout", 77)
    wanted = instance.model_copy(update={"server": {"timeout": "77"}})
    try:
        report = check(wanted)
    finally:
        clean.client().config_set("timeout", 0)

    assert "next restart brings '0'" in bad(report)["timeout"]


def test_a_server_without_a_password_is_found_out(redis_factory):
    """Strangers get an answer: that is a finding."""
    server = redis_factory(password=None)

    report = check(instance_of(server, server={}))

    assert "a password is demanded" in bad(report)


def test_an_unknown_setting_is_told(clean, instance):
    """A setting that the server does not have is drift, not silence."""
    wanted = instance.model_copy(update={"server": {"no-such-setting": "1"}})

    assert "no such setting" in bad(check(wanted))["no-such-setting"]


@pytest.fixture
def rendered(docker_client: docker.DockerClient, tmp_path, instance):
    """A container started with the rendered file and command, the password in a file."""
    report = render(instance, DEFAULT_IMAGE, 6379)
    (tmp_path / "redis.conf").write_text(report.redis_conf)
    (tmp_path / "redis_password").write_text(AWKWARD)
    service = yaml.safe_load(report.compose)["services"]["redis"]
    port = free_port()
    container = docker_client.containers.run(
        DEFAULT_IMAGE,
        [word.replace("$$", "$") for word in service["command"]],  # as Compose reads it
        detach=True,
        ports={"6379/tcp": ("127.0.0.1", port)},
        volumes={
            str(tmp_path / "redis.conf"): {
                "bind": "/usr/local/etc/redis/redis.conf",
                "mode": "ro",
            },
            str(tmp_path / "redis_password"): {
                "bind": "/run/secrets/redis_password",
                "mode": "ro",
            },
        },
        labels=labels(),
    )
    yield container, redis.Redis(port=port, password=AWKWARD), service
    container.remove(force=True, v=True)


def answers(client) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_what_is_rendered_runs_and_hides_its_password(rendered):
    """
    The rendered configuration starts a server with exactly the configured settings and the
    password from the file, special characters and all; neither the container's description nor its
    processes show it, and it is process 1, and not root.
    """
    container, client, service = rendered
    wait_until(lambda: answers(client), 20)

    running = {name: client.config_get(name)[name] for name in RUNBOOK_SERVER}
    processes = str(container.exec_run(["ps"]).output)
    container.reload()

    assert all(finding.ok for finding in judge_drift(RUNBOOK_SERVER, running, None))
    assert AWKWARD not in str(container.attrs)
    assert "quoted" not in processes
    assert "redis-server" in processes
    assert client.info("server")["config_file"] == ""
    first = container.exec_run(["cat", "/proc/1/status"]).output.decode()
    assert "redis-server" in first.splitlines()[0]  # it gets the engine's SIGTERM itself
    assert "\nUid:\t0" not in first
    health = service["healthcheck"]["test"][1].replace("$$", "$")
    assert container.exec_run(["sh", "-c", health]).exit_code == 0


def test_the_file_holds_no_password(instance):
    """Whatever [server] says about passwords, the rendered texts leave it out."""
    text = redis_conf({"requirepass": "hunter2", "masterauth": "hunter2", "maxmemory": "1gb"})

    assert "hunter2" not in text
    assert "maxmemory 1gb" in text
    assert "hunter2" not in " ".join(start_command())


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("maxmemory", "256mb", "268435456"),
        ("maxmemory", "1GB", "1073741824"),
        ("maxmemory", "1k", "1000"),
        ("maxmemory", "1kb", "1024"),
        ("appendonly", "YES", "yes"),
        ("save", "60 10000 900 1", "900 1 60 10000"),
        ("save", '""', ""),
        ("client-output-buffer-limit", "normal 0 0 0  pubsub 32mb 8mb 60", None),
    ],
)
def test_equal_settings_are_equal_whatever_their_unit(name, one, other):
    """256mb is 268435456; the order of save points and the case do not matter."""
    expected = "normal 0 0 0 pubsub 33554432 8388608 60" if other is None else normal(name, other)

    assert normal(name, one) == expected


@given(st.integers(0, 2**40), st.sampled_from(["b", "k", "kb", "m", "mb", "g", "gb", ""]))
def test_units_are_redis_own(number, unit):
    """For every size: k is 1000 and kb is 1024, and so on, as redis.conf says."""
    power = {"k": 1, "m": 2, "g": 3}.get(unit[:1], 0)
    base = 1024 if unit.endswith("b") and power else 1000

    assert normal("maxmemory", f"{number}{unit}") == str(number * base**power)


def test_settings_are_found_on_command_lines_of_every_form():
    """Arguments, one string for a shell, several save points; passwords as stars."""
    plain = ["docker-entrypoint.sh", "redis-server", "--save", "900", "1", "--save", "60", "10"]
    shell = ["sh", "-c", "redis-server --maxmemory 1gb --requirepass 'a b' --appendonly yes"]

    assert on_command_line(plain) == {"save": "900 1 60 10"}
    assert on_command_line(shell) == {
        "maxmemory": "1gb",
        "requirepass": "***",
        "appendonly": "yes",
    }
    assert on_command_line(["redis-server", "/etc/redis.conf"]) == {}
