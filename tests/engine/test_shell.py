"""One shell runs many scripts: each has its own output, code and arguments, as if begun alone."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.engine.guard import guarded
from redis_dr.tasks.engine.shell import Script, Shell, ShellEnded
from redis_dr.tasks.model.errors import Unreachable
from tests.support.certificates import make_certificates
from tests.support.leftovers import labels, remove_container
from tests.support.redis_server import DEFAULT_IMAGE
from tests.support.tls_engine import engine_over_tls
from tests.support.waiting import wait_until

SECONDS = 30.0
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)


@pytest.fixture(scope="module")
def container(docker_client: docker.DockerClient) -> Iterator[str]:
    """The id of a container in which nothing happens."""
    made = docker_client.containers.run(
        DEFAULT_IMAGE, entrypoint=["sleep", "3600"], command=[], detach=True, labels=labels()
    )
    yield str(made.id)
    remove_container(made)


@pytest.fixture
def shell(container: str) -> Iterator[Shell]:
    with closing(Shell(container)) as opened:
        yield opened


def run(shell: Shell, text: str, *arguments: str) -> tuple[int, str]:
    return shell.run(Script(text, arguments), SECONDS)


@settings(max_examples=60, deadline=None)
@given(arguments=st.lists(texts, max_size=4), code=st.integers(0, 255), loud=texts)
def test_a_script_in_a_shell_ends_as_a_program_of_its_own_does(
    container: str, arguments: list[str], code: int, loud: str
) -> None:
    """
    Any argument, any output on either stream, any exit code: the same as an exec gives.
    """
    text = f'printf "%s|" "$@"; printf %s "$LOUD" >&2; exit {code}'
    with closing(Shell(container)) as shell:
        for _ in range(2):
            got = shell.run(Script(text, arguments, environment={"LOUD": loud}), SECONDS)
            command = ["sh", "-euc", text, "redis-dr", *arguments]
            assert got == run_in(container, command, seconds=SECONDS, environment={"LOUD": loud})


def test_scripts_leave_nothing_to_each_other(shell: Shell) -> None:
    """No variable, folder or option of one is there for the next, and none can read its line."""
    assert run(shell, "X=1; cd /; set +u; exec 2>&1; echo a") == (0, "a\n")
    assert run(shell, 'echo "${X:-none} $PWD"; cat') == (0, "none /data\n")
    assert run(shell, "kill -9 $$")[0] == 137
    assert run(shell, "echo alive") == (0, "alive\n")


def test_an_output_of_many_megabytes_comes_whole(shell: Shell) -> None:
    """20 MB on stdout, with lines that look like an end; of stderr only the first part is kept."""
    code, text = run(shell, "seq 2800000; seq 2800000 >&2; exit 3")
    lines = "".join(f"{number}\n" for number in range(1, 2_800_001))
    assert code == 3
    assert text.startswith(lines)
    assert len(text) - len(lines) == 4096


def test_a_shell_that_is_lost_between_two_scripts_is_opened_again(
    container: str, shell: Shell, docker_client: docker.DockerClient
) -> None:
    """The container is started again: the next script runs in a new shell."""
    assert run(shell, "echo one") == (0, "one\n")
    docker_client.containers.get(container).restart(timeout=0)
    assert run(shell, "echo two") == (0, "two\n")


def test_a_shell_that_is_lost_in_a_script_says_that_it_may_have_run(
    container: str, shell: Shell, docker_client: docker.DockerClient
) -> None:
    """Its container is killed in the middle: ShellEnded, never an answer."""
    errors: list[Exception] = []

    def ask() -> None:
        try:
            run(shell, "touch /data/begun; sleep 60")
        except ShellEnded as error:
            errors.append(error)

    run(shell, "rm -f /data/begun")
    asking = threading.Thread(target=ask)
    asking.start()
    wait_until(lambda: run_in(container, ["ls", "/data/begun"])[0] == 0, 20, "it runs")
    docker_client.containers.get(container).restart(timeout=0)
    asking.join(30)
    assert "may have run" in str(errors[0])


def test_a_silent_script_is_given_up_and_its_late_answer_is_nobodys(shell: Shell) -> None:
    """After 2 s without a byte Unreachable; what it says later is no answer to the next script."""
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="does not answer"):
        shell.run(Script("sleep 6; echo late"), 2)
    assert time.monotonic() - begun < 5
    assert run(shell, "sleep 7; echo mine") == (0, "mine\n")


def test_signs_of_life_are_no_output_and_keep_a_script_waited_for(shell: Shell) -> None:
    """A guarded script works for 12 s where 8 s of silence are allowed."""
    script = Script(guarded("sleep 12; echo done", 1))
    assert shell.run(script, 8) == (0, "done\n")
    assert run(shell, "echo next") == (0, "next\n")


_BY_TLS = """
import sys
from redis_dr.tasks.engine.shell import Script, Shell
shell = Shell(sys.argv[1])
for number in range(3):
    assert shell.run(Script('seq 20000; echo "$1" >&2', [str(number)]), 20)[1].endswith(
        f"20000\\n{number}\\n"
    )
try:
    shell.run(Script("sleep 9"), 1)
except Exception as error:
    print(type(error).__name__)
assert shell.run(Script("echo after"), 20) == (0, "after\\n")
shell.close()
"""


def test_a_shell_works_at_an_engine_behind_tls(container: str, tmp_path: Path) -> None:
    """
    Client certificates and all: answers, silence, and the next script after it. The CA bundle of
    other programs in the environment changes nothing.
    """
    certificates = make_certificates(tmp_path)
    host = os.environ["DOCKER_HOST"]
    with engine_over_tls(host, certificates, tmp_path) as variables:
        done = subprocess.run(
            [sys.executable, "-c", _BY_TLS, container],
            env={**os.environ, **variables, "REQUESTS_CA_BUNDLE": str(certificates.key)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Unreachable\n"
