"""A step is called once, with its own arguments, whatever the orchestrator does."""

import contextlib
from dataclasses import dataclass

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect import flow
from prefect.exceptions import PrefectException
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import BaseModel, ConfigDict, SecretStr

from redis_dr.tasks.model.errors import Refused
from redis_dr.tasks.step import _Once, step
from tests.support.prefect_server import PrefectServer


class Frozen(BaseModel):
    """A noun as ours are."""

    model_config = ConfigDict(frozen=True)
    secret: SecretStr
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plain:
    """Another."""

    name: str
    inner: Frozen


class Disk:
    """Counts the calls of a step."""

    def __init__(self) -> None:
        self.calls: list[object] = []


@step
def touch(disk: Disk, what: object) -> object:
    """Remember the call."""
    disk.calls.append(what)
    return what


@step
def refuse(disk: Disk) -> None:
    """Always no."""
    disk.calls.append("refused")
    raise Refused("no", "do not ask")


def test_arguments_and_results_pass_a_task_unharmed(prefect_here: PrefectServer) -> None:
    """The very same objects arrive and come back, generators and secrets included."""
    disk, generator = Disk(), (n for n in range(3))
    noun = Plain("n", Frozen(secret=SecretStr("s"), items=(1, 2)))

    @flow
    def both() -> tuple[bool, list[int]]:
        return touch(disk, noun) is noun, list(touch(disk, generator))  # type: ignore[call-overload]

    assert both() == (True, [0, 1, 2])
    assert disk.calls[0] is noun


def test_an_error_of_ours_comes_through_a_task_as_it_is(prefect_here: PrefectServer) -> None:
    """Refused stays Refused, and the step ran once: retries are not Prefect's business."""
    disk = Disk()

    @flow
    def asks() -> str:
        with pytest.raises(Refused) as caught:
            refuse(disk)
        return caught.value.remedy

    assert asks() == "do not ask"
    assert disk.calls == ["refused"]


def test_a_step_runs_when_the_api_is_gone(prefect_here: PrefectServer) -> None:
    """In mid-run the API's address leads nowhere: the next steps run all the same."""
    disk = Disk()

    @flow
    def goes_on() -> int:
        touch(disk, 1)
        with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
            touch(disk, 2)
        return len(disk.calls)

    assert goes_on() == 2


@given(
    before=st.sampled_from([None, PrefectException("p"), httpx.ConnectError("c"), OSError("o")]),
    after=st.sampled_from([None, RuntimeError("r"), httpx.ReadTimeout("t"), OSError("o")]),
    raises=st.booleans(),
)
def test_a_step_is_never_called_twice(
    before: Exception | None, after: Exception | None, raises: bool
) -> None:
    """An orchestrator that fails before the call, after it, or both: one call, its own outcome."""
    calls: list[int] = []

    def work() -> str:
        calls.append(1)
        if raises:
            raise Refused("no", "never")
        return "done"

    once = _Once(work)
    with contextlib.suppress(PrefectException, httpx.HTTPError, OSError, RuntimeError):
        if before:
            raise before
        error = once()
        assert isinstance(error, Refused) == raises
        if after:
            raise after
    if raises:
        with pytest.raises(Refused):
            once.outcome()
    else:
        assert once.outcome() == "done"
    assert calls == [1]


def test_an_error_of_ours_is_a_state_without_a_traceback(
    prefect_here: PrefectServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The task's state says what happened and what to do; a bug still shows its traceback."""

    @step
    def break_down() -> None:
        """A bug."""
        raise ZeroDivisionError

    @flow
    def asks() -> None:
        with contextlib.suppress(Refused):
            refuse(Disk())
        with contextlib.suppress(ZeroDivisionError):
            break_down()

    asks()
    raised = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert [type(error) for error in raised if error is not None] == [ZeroDivisionError]
    with prefect_here.client() as client:
        states = {
            run.name.rpartition("-")[0]: run.state.message
            for run in client.read_task_runs()
            if run.state is not None
        }
    assert states["refuse"] == "no\nWhat to do: do not ask"
