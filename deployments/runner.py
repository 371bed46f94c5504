"""A Prefect runner that keeps polling when the server is away.

Prefect's own runner gives up after three polls without an answer and kills its active runs, even
a restore that does not need the server.
"""

from typing import Self

import httpx
from anyio.abc import TaskGroup
from prefect.runner import Runner


class PatientRunner(Runner):
    """Polls until the server is back, at the usual interval."""

    async def __aenter__(self) -> Self:
        """Start, with a poll that survives a server that does not answer."""
        await super().__aenter__()
        poller = self._scheduled_run_poller
        poll = poller._get_and_submit_flow_runs  # noqa: SLF001 the loop has no setting for it

        async def patiently(task_group: TaskGroup | None = None) -> None:
            try:
                await poll(task_group)
            except httpx.TransportError as error:
                self._logger.warning("the Prefect server does not answer: %s", type(error).__name__)
            except httpx.HTTPStatusError as error:
                if error.response.status_code < 500:
                    raise
                self._logger.warning("the Prefect server answers %s", error.response.status_code)

        poller._get_and_submit_flow_runs = patiently  # type: ignore[method-assign] # noqa: SLF001 see above
        return self
