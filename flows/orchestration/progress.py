"""The runbook's progress: lines in the run's log, the finished share as a progress artifact."""

import time
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.api import quickly
from redis_dr.flows.orchestration.names import artifact_key
from redis_dr.tasks.model.progress import Progress

_SECONDS_BETWEEN = 1.0  # an update is a call of the API, and the work must not wait for it


def run_progress(verb: str, instance: str) -> Progress:
    """The `progress` of a runbook. An API that does not answer does not delay the runbook."""
    logger, bar = get_run_logger(), _Bar(artifact_key(f"{verb}-progress", instance))

    def progress(text: str, done: float | None = None, /) -> None:
        if done is None:
            logger.info(text)
        else:
            logger.info("%s, %.0f %%", text, 100 * done)
            bar.show(text, round(100 * done, 1))

    return progress


class _Bar:
    """One progress artifact, created at the first percentage."""

    def __init__(self, key: str) -> None:
        self._key, self._last = key, 0.0
        self._id: UUID | None = None

    def show(self, text: str, percent: float) -> None:
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN and percent < 100:
            return
        self._last = now
        if self._id is None:
            # called outside of async code it returns the id, not a coroutine
            self._id = quickly(
                lambda: cast("UUID", create_progress_artifact(percent, self._key, text))
            )
        else:
            artifact_id = self._id
            quickly(lambda: update_progress_artifact(artifact_id, percent, text))
