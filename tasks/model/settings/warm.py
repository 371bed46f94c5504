"""`[warm]`: the common queries, and the service that answers them."""

import json
import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from redis_dr.tasks.model.settings.sections import Section

_KEY_FIELD = re.compile(r"\{(?:text|(?:sha256|sha1|md5)(?::\d{1,2})?)\}")


class WarmSettings(Section):
    """What to ask after a restore, and how hard."""

    lists: tuple[str, ...] = Field((), description="files: .json, .yaml or .txt")
    endpoint: str | None = Field(
        None, description="http(s) address; {query} in it is replaced, percent-encoded"
    )
    method: Literal["POST", "GET"] = "POST"
    template: str = Field(
        '{"name": "search", "arguments": {"query": "{query}"}}',
        description="JSON body of a POST; {query} in its texts is replaced by the query",
    )
    headers_from: dict[str, str] = Field(
        default_factory=dict,
        description="header -> environment variable that holds its value (it may be a secret)",
    )
    function: str | None = Field(
        None, description="package.module:name, called with the query's text instead of an endpoint"
    )
    concurrency: int = Field(8, ge=1, le=50)
    rate_per_second: float | None = Field(None, gt=0, description="of requests; absent: no limit")
    timeout_seconds: float = Field(10, gt=0, description="for one answer")
    budget_seconds: float = Field(300, gt=0, description="for all of it; then it stops")
    give_up_after: int = Field(
        3, ge=1, description="failed tries of the half-open breaker in a row, then it stops"
    )
    cache_key: str | None = Field(
        None,
        description="the key that an answer leaves: query:cache:{sha256}, {sha256:16} is cut to 16 "
        "digits; {sha1}, {md5} and {text} also",
    )
    cache_db: int = Field(0, ge=0)
    counts: tuple[str, ...] = Field(
        ("query:cache:{query_hash}",), description="key patterns counted before and after"
    )
    target_hit_ratio: float | None = Field(
        None, gt=0, le=1, description="stop once this share of the list (by weight) is cached"
    )
    learn_from: str | None = Field(
        None, description="key pattern whose {query} is a query's text: hot ones are asked too"
    )
    learn_at_most: int = Field(100, ge=0)
    replay: bool = Field(
        default=False, description="ask the list once more and measure the hit ratio"
    )

    @field_validator("template")
    @classmethod
    def _json_with_query(cls, value: str) -> str:
        if "{query}" not in value:
            raise ValueError("must name {query}")
        json.loads(value)  # a JSONDecodeError is a ValueError: pydantic tells it to the user
        return value

    @field_validator("endpoint")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value

    @field_validator("function")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[\w.]+:\w+", value):
            raise ValueError("must be package.module:name")
        return value

    @field_validator("cache_key")
    @classmethod
    def _known_field(cls, value: str | None) -> str | None:
        if value is not None and not _KEY_FIELD.search(value):
            raise ValueError("must name {sha256}, {sha1}, {md5} or {text}")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.endpoint and self.function:
            raise ValueError("endpoint and function exclude each other")
        if self.target_hit_ratio is not None and self.cache_key is None:
            raise ValueError("target_hit_ratio needs cache_key: else nobody knows what is cached")
        if self.method == "GET" and self.endpoint and "{query}" not in self.endpoint:
            raise ValueError("endpoint must name {query} when method is GET")
        if self.learn_from is not None and "{query}" not in self.learn_from:
            raise ValueError("learn_from must name {query}")
        return self

    @property
    def configured(self) -> bool:
        """Whether there is somebody to ask and something to ask."""
        has_queries = bool(self.lists or self.learn_from)
        return has_queries and (self.endpoint or self.function) is not None
