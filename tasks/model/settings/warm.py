"""`[warm]`: the common queries, and the service that answers them."""

import json
import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from redis_dr.tasks.model.settings.section import Section

_KEY_FIELD = re.compile(r"\{(?:text|(?:sha256|sha1|md5)(?::\d{1,2})?)\}")


class WarmSettings(Section):
    """How `redis-dr warm` fills the cache: which queries it asks, whom, and at which pace."""

    lists: tuple[str, ...] = Field(
        (), description="Files with queries: .json, .yaml, or .txt with one query per line."
    )
    endpoint: str | None = Field(
        None, description="URL of the query service. {query} in it is replaced, percent-encoded."
    )
    method: Literal["POST", "GET"] = Field(
        "POST", description="HTTP method of the requests to the endpoint."
    )
    template: str = Field(
        '{"name": "search", "arguments": {"query": "{query}"}}',
        description="JSON body of a POST; {query} in its strings is replaced by the query.",
    )
    headers_from: dict[str, str] = Field(
        default_factory=dict,
        description="HTTP header -> environment variable that holds its value. The value itself "
        "is not written here, because it may be a secret.",
    )
    function: str | None = Field(
        None,
        description="Python function as package.module:name. It is called with the query's text "
        "instead of an endpoint.",
    )
    concurrency: int = Field(8, ge=1, le=50, description="Queries asked at the same time.")
    rate_per_second: float | None = Field(
        None, gt=0, description="Largest number of requests per second. Unset: no limit."
    )
    timeout_seconds: float = Field(10, gt=0, description="Seconds to wait for one answer.")
    budget_seconds: float = Field(
        300, gt=0, description="Seconds for the whole warm-up; then it stops."
    )
    give_up_after: int = Field(
        3,
        ge=1,
        description="Failed trial calls of the circuit breaker in a row after which the warm-up "
        "stops.",
    )
    cache_key: str | None = Field(
        None,
        description="Key that the service writes for an answered query, such as "
        "query:cache:{sha256}. Fields: {text}, {sha256}, {sha1}, {md5}; {sha256:16} is cut to 16 "
        "digits. Queries whose key exists are not asked.",
    )
    cache_db: int = Field(0, ge=0, description="Number of the database that holds these keys.")
    counts: tuple[str, ...] = Field(
        ("query:cache:{query_hash}",),
        description="Key patterns whose keys are counted before and after.",
    )
    target_hit_ratio: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Stop when this share of the queries, by weight, is cached. Needs cache_key.",
    )
    learn_from: str | None = Field(
        None,
        description="Key pattern whose {query} is the text of a query. The queries of existing "
        "keys, hottest first, are asked in addition to the lists.",
    )
    learn_at_most: int = Field(
        100, ge=0, description="Largest number of queries taken from learn_from."
    )
    replay: bool = Field(
        default=False, description="Ask all queries once more and measure the cache's hit ratio."
    )

    @field_validator("template")
    @classmethod
    def _json_with_query(cls, value: str) -> str:
        if "{query}" not in value:
            raise ValueError("must name {query}")
        json.loads(value)  # pydantic reports a JSONDecodeError, which is a ValueError
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
            raise ValueError("target_hit_ratio needs cache_key, which tells what is cached")
        if self.method == "GET" and self.endpoint and "{query}" not in self.endpoint:
            raise ValueError("endpoint must name {query} when method is GET")
        if self.learn_from is not None and "{query}" not in self.learn_from:
            raise ValueError("learn_from must name {query}")
        return self

    @property
    def configured(self) -> bool:
        """Whether there are queries, and a service or function that answers them."""
        has_queries = bool(self.lists or self.learn_from)
        return has_queries and (self.endpoint or self.function) is not None
