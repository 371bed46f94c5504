"""What the operating system says about a directory store, in our words. The one place for it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from redis_dr.tasks.model.errors import StoreError, StoreForbids, TransientStoreError

_REMEDIES = {
    errno.EACCES: "let the user that runs redis-dr read and write there",
    errno.EPERM: "let the user that runs redis-dr read and write there",
    errno.EROFS: "the file system is mounted read-only; mount it for writing",
    errno.ENOSPC: "make room there, or let `redis-dr prune --apply` do it",
    errno.EDQUOT: "raise the quota, or let `redis-dr prune --apply` make room",
    errno.EFBIG: "the file system allows no file of this size; use another",
    errno.EIO: "the disk reports a fault; look at the system's log and use another disk",
    errno.EEXIST: "a part of the path is a file; correct store.url",
    errno.ENOTDIR: "a part of the path is a file; correct store.url",
    errno.ENAMETOOLONG: "the path is too long for this file system; choose a shorter store.url",
    errno.ELOOP: "a symbolic link points to itself; correct store.url",
}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_PASSING = {
    errno.ESTALE: "the network file system lost its handle; try again",
    errno.ETIMEDOUT: "the network file system does not answer; try again",
    errno.EHOSTDOWN: "the network file system does not answer; try again",
    errno.EAGAIN: "the file system is busy; try again",
    errno.EMFILE: "this process has too many open files; raise `ulimit -n`",
    errno.ENFILE: "the system has too many open files; try again",
}


def store_error(error: OSError, place: str) -> StoreError:
    """Our error for the system's."""
    number = error.errno or 0
    problem = f"the store {place} failed: {error.strerror or error}"
    if number in _PASSING:
        return TransientStoreError(problem, _PASSING[number])
    kind = StoreForbids if number in _FORBIDDEN else StoreError
    return kind(problem, _REMEDIES.get(number, "look at the directory and its file system"))


@contextmanager
def store_errors(place: str) -> Iterator[None]:
    """Everything that the file system raises inside becomes a StoreError."""
    try:
        yield
    except OSError as error:
        raise store_error(error, place) from error
