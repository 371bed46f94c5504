"""Tries the age recipients of a store, and the identity where this machine has one."""

import io
import os
from collections.abc import Iterator

from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.step import step

_PLAIN = b"redis-dr doctor"


@step
def probe_recipients(settings: StoreSettings) -> tuple[Finding, ...]:
    """A small text is encrypted for them, and opened where an identity is given; () without any.

    A machine that only makes backups needs no identity, so its absence is no fault.
    """
    return tuple(_tried(settings)) if settings.age_recipients else ()


def _tried(settings: StoreSettings) -> Iterator[Finding]:
    from redis_dr.tasks.storage.pipeline.encryption import (  # noqa: PLC0415 not every store needs it
        IDENTITY_VARIABLE,
        decrypted,
        encrypted,
    )

    check = "the recipients can be encrypted for"
    try:
        with encrypted(io.BytesIO(_PLAIN), settings.age_recipients) as source:
            sealed = source.read()
    except RedisDrError as error:
        yield Finding(check=check, ok=False, actual=error.problem, detail=error.remedy)
        return
    yield Finding(check=check, ok=True, actual=f"{len(settings.age_recipients)} recipients")
    if not os.environ.get(IDENTITY_VARIABLE):
        return
    check = "the identity opens what is encrypted for the recipients"
    try:
        with decrypted(io.BytesIO(sealed), "what was encrypted for store.age_recipients") as source:
            opened = source.read()
    except RedisDrError as error:
        yield Finding(check=check, ok=False, actual=error.problem, detail=error.remedy)
        return
    yield Finding(check=check, ok=opened == _PLAIN, expected="the same text", actual="opened")
