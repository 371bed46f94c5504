"""Prefect's runner, but for one thing: a server that is away for minutes does not end it.

Prefect gives up after three polls without an answer, and kills the runs that are going on: a
restore that only its bookkeeper has left, too.
"""

from typing import Self

import httpx
from anyio.abc import TaskGroup
from prefect.runner import Runner


class PatientRunner(Runner):
    """Polls until the server is back, as often as before."""

    async def __aenter__(self) -> Self:
        """Start it, and take the sting out of its poll."""
        await super().__aenter__()
        poller = self._scheduled_run_poller
        poll = poller._get_and_submit_flow_runs  # noqa: SLF001 the loop around it has no setting

        async def patiently(task_group: TaskGroup | None = None) -> None:
            try:
                await poll(task_group)
            except httpx.TransportError as error:
                self._logger.warning("no answer of the server: %s", type(error).__name__)
            except httpx.HTTPStatusError as error:
                if error.response.status_code < 500:
                    raise
                self._logger.warning("the server answers %s", error.response.status_code)

        poller._get_and_submit_flow_runs = patiently  # type: ignore[method-assign] # noqa: SLF001 see above
        return self
