"""`[warm]`: the common queries, and the service that answers them."""

from pydantic import Field

from tasks.model.settings.base import Section


class WarmSettings(Section):
    """What to ask after a restore, and how hard."""

    lists: tuple[str, ...] = Field((), description="files: .json, .yaml or .txt")
    endpoint: str | None = Field(None, description="POST; without one nothing is warmed")
    template: str = Field(
        '{"name": "search", "arguments": {"query": "{query}"}}',
        description="JSON body; {query} is replaced by the query, escaped",
    )
    concurrency: int = Field(8, ge=1, le=50)
    timeout_seconds: float = Field(10, gt=0)
    budget_seconds: float = Field(300, gt=0)
