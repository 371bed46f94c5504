"""The restore button, as a person uses it: a browser, a form, a question, and the data is back."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Response, expect
from playwright.sync_api import TimeoutError as TooLate

from tests.support.installation import NAME, Installation
from tests.support.prefect_server import PrefectServer

_TRIES = 3
_TRY_MS = 40_000  # the form asks the server whether its values are valid before it sends them


class Button:
    """What a person does."""

    def __init__(self, page: Page, server: PrefectServer, pictures: Path | None) -> None:
        self.page, self._server, self._pictures = page, server, pictures

    def open_form(self) -> None:
        deployment = self._server.deployment("restore/button")
        form = self.page.get_by_text("afterwards ask the common queries")
        self._open(f"deployments/deployment/{deployment.id}/run", form)

    def start(self) -> None:
        """Submit the form as it stands, and open the run's page."""
        run = self._submit(self.page.get_by_role("button", name="Submit"), "/create_flow_run")
        resume = self.page.get_by_role("button", name="Resume").first
        self._open(f"runs/flow-run/{run['id']}", resume)

    def open_question(self) -> str:
        """The dialog's text."""
        self.page.get_by_role("button", name="Resume").first.click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_text("Name of the instance").wait_for()
        return dialog.inner_text()

    def answer(self, name: str) -> None:
        dialog = self.page.get_by_role("dialog")
        dialog.locator("textarea, input").first.fill(name)
        self._submit(dialog.get_by_role("button", name="Submit"), "/resume")

    def _open(self, address: str, shows: Locator) -> None:
        """The page, once it shows that; a person to whom a busy server gave half of it reloads."""
        for _ in range(_TRIES):
            self.page.goto(f"{self._server.url}/{address}")
            with contextlib.suppress(TooLate):
                return shows.wait_for(timeout=_TRY_MS)
        raise AssertionError(f"{address}: {_TRIES} visits; it says: {self._text()}")

    def _text(self) -> str:
        return self.page.locator("body").inner_text()

    def _submit(self, button: Locator, call: str) -> dict[str, Any]:
        """The answer to what the click sends; a person whom a busy server refuses clicks again."""

        def answers(response: Response) -> bool:
            return response.url.endswith(call) and response.request.method == "POST"

        said = []
        for _ in range(_TRIES):
            with contextlib.suppress(TooLate):
                with self.page.expect_response(answers, timeout=_TRY_MS) as answer:
                    button.click()
                if answer.value.ok:
                    return dict(answer.value.json())
                said.append(f"{answer.value.status} {answer.value.text()}")
        raise AssertionError(f"{call}: {_TRIES} clicks, {said}; the page says: {self._text()}")

    def await_end(self, state: str) -> None:
        """Wait until the page itself says how it ended."""
        badge = self.page.locator(".state-badge, .p-state-badge", has_text=state).first
        expect(badge).to_be_visible(timeout=90_000)

    def open_artifacts(self) -> None:
        self.page.goto(f"{self._server.url}/artifacts")

    def picture(self, name: str) -> None:
        if self._pictures:
            self.page.screenshot(path=self._pictures / f"{name}.png")


@pytest.fixture
def button(
    page: Page, prefect_server: PrefectServer, shown: Installation, pictures: Path | None
) -> Button:
    return Button(page, prefect_server, pictures)


def test_the_form_is_filled_in_already(button: Button) -> None:
    """At 3 a.m. nothing has to be typed: the instance and the latest proven backup stand there."""
    button.open_form()

    values = button.page.locator("textarea, input[type=text]").evaluate_all(
        "fields => fields.map(field => field.value)"
    )
    assert NAME in values
    assert "latest-proven" in values
    button.picture("restore-form")


def test_a_wrong_name_changes_nothing(button: Button, shown: Installation) -> None:
    """The dialog shows the plan; another name than the instance's ends in Refused."""
    shown.server.client(1).set("written:since", "1")
    before = {db: shown.content(db) for db in (0, 1, 2)}
    run_id = shown.server.client().info("server")["run_id"]
    button.open_form()
    button.start()

    plan = button.open_question()
    button.picture("restore-question")
    button.answer("weka-reddis")
    button.await_end("Refused")
    button.picture("restore-refused")

    assert "Predicted downtime" in plan
    assert "never drilled" in plan
    assert before == {db: shown.content(db) for db in (0, 1, 2)}
    assert run_id == shown.server.client().info("server")["run_id"]


def test_the_right_name_brings_the_data_back(button: Button, shown: Installation) -> None:
    """After FLUSHALL: form, plan, name, Completed; DB 0 is what it was, DB 1 and 2 are empty."""
    before = shown.content()
    shown.server.client().flushall()
    button.open_form()
    button.start()
    button.picture("restore-plan")

    button.open_question()
    button.answer(NAME)
    button.await_end("Completed")

    assert before == shown.content()
    assert (shown.content(1), shown.content(2)) == ({}, {})
    button.picture("restore-done")
    button.open_artifacts()
    button.page.get_by_text(f"restore-{NAME}").first.wait_for()
    button.picture("restore-artifacts")
