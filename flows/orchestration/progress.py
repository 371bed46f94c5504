"""The runbook's lines in the run's log, and the share that is done as a progress artifact."""

import time
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger

from redis_dr.flows.orchestration.artifacts import quickly
from redis_dr.flows.orchestration.names import artifact_key
from redis_dr.tasks.model.progress import Progress

_SECONDS_BETWEEN = 1.0  # an update costs a call of the API, and the load must not wait for it


def run_progress(verb: str, instance: str) -> Progress:
    """For a runbook's `say`. The orchestrator's silence costs the runbook nothing."""
    logger, bar = get_run_logger(), _Bar(artifact_key(f"{verb}-progress", instance))

    def progress(text: str, done: float | None = None, /) -> None:
        if done is None:
            logger.info(text)
        else:
            logger.info("%s, %.0f %%", text, 100 * done)
            bar.show(text, round(100 * done, 1))

    return progress


class _Bar:
    """One progress artifact, made when the first percentage comes."""

    def __init__(self, key: str) -> None:
        self._key, self._last = key, 0.0
        self._id: UUID | None = None

    def show(self, what: str, percent: float) -> None:
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN and percent < 100:
            return
        self._last = now
        if self._id is None:
            # in a flow that is not async it answers at once
            self._id = quickly(
                lambda: cast("UUID", create_progress_artifact(percent, self._key, what))
            )
        else:
            made = self._id
            quickly(lambda: update_progress_artifact(made, percent, what))
