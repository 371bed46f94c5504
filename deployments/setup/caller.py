"""Keeps what the caller has configured for a Redis, a store or a Prefect away from our own."""

import os
from collections.abc import Collection, MutableMapping

# REDIS_ is the start of REDIS_DR_ as well; moto is the tests' S3 server
PREFIXES = ("AWS_", "REDIS_", "REDISCLI_", "PREFECT_", "MOTO_")


def forget_caller(
    prefixes: Collection[str] = PREFIXES,
    keep: Collection[str] = (),
    environment: MutableMapping[str, str] = os.environ,
) -> None:
    """Remove the caller's variables, so that child processes do not inherit them either.

    `keep`: prefixes of the variables that stay. The case of a name does not count: the settings
    are read without regard to it.
    """
    for name in list(environment):
        if name.upper().startswith(tuple(prefixes)) and not name.upper().startswith(tuple(keep)):
            del environment[name]
