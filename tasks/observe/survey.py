"""Look at an instance before touching it."""

from itertools import pairwise
from pathlib import PurePosixPath

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.journals import journals_by_helper
from redis_dr.tasks.model.errors import RedisDrError, Unreachable
from redis_dr.tasks.model.restore.journal import own_journals
from redis_dr.tasks.model.server.acl import Users, names_in
from redis_dr.tasks.model.server.container import silence_remedy
from redis_dr.tasks.model.server.rights_gates import require_rights
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import options_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.connection import ServerConnection, server_time_ms
from redis_dr.tasks.server.errors import answered
from redis_dr.tasks.server.info import config_values, persistence, server_info
from redis_dr.tasks.server.rights import ask_rights
from redis_dr.tasks.step import step

_CONFIGURED = 'if [ -f "$1" ]; then cat "$1"; fi'

# a server names its own directory without links
_RESOLVE = 'cd -- "$1" 2>/dev/null && pwd -P || printf "%s\\n" "$1"'

# an empty file is one that can be seen, too
_SEEN = 'if [ -f "$1" ]; then cat "$1"; echo; fi'

# df counts in KiB; -P keeps each file system on one line
# and mawk prints a number of this size as 7.9e+10 by itself
FREE = 'df -Pk "$1" | awk \'NR==2 {printf "%.0f", $4 * 1024}\''


@step
def survey(server: ServerConnection, verb: str) -> Survey:
    """The container and the server as they are, and what the server lets us do for a verb.

    Raises Refused that names each command that the verb needs and may not use, UsageError for a
    wrong password.
    """
    container = inspect(server.instance.container)
    try:
        rights = require_rights(ask_rights(server, verb))
        with server.errors():
            client = server.client()
            info = server_info(client)
            started = server_time_ms(client) / 1000 - info.uptime_in_seconds
            settings = None if rights.lacks("config|get") else persistence(client)
        if verb in {"restore", "recover"}:
            server.keep_open()  # clients may take all the connections that it allows
        return Survey(container, info, settings, started_at=started)
    except Unreachable as error:
        return Survey(container, silent=error.problem, refuses=answered(error))


def data_dir(helper: Helper, instance: Instance, found: Survey) -> str:
    """The server's own word; of a dead one, where a journal lies, else what it was started with.

    Raises Unreachable when it cannot be told.
    """
    if found.persistence is not None:
        return found.persistence.dir
    mounts = [m for m in found.container.mounts if m.writable and m.kind in {"volume", "bind"}]
    # an unfinished restore must be found, whatever else would lead elsewhere
    texts = journals_by_helper(helper, found.container)
    for journal in own_journals(texts, instance.name):
        return str(PurePosixPath(journal).parent.parent)
    given = options_of(found.container.command).get("dir", "")
    for folder in (instance.data_dir or "", given, found.container.working_dir):
        if folder.startswith("/") and any(one.holds(folder) for one in mounts):
            return helper.run(_RESOLVE, folder).removesuffix("\n")
    if len(mounts) == 1:
        return mounts[0].destination
    raise Unreachable(
        f"{found.container.name} does not answer and has {len(mounts)} writable mounts: "
        "its data directory cannot be told",
        "start it once, or set data_dir under [instances.NAME] to the server's data directory",
    )


@step
def require_answer(found: Survey, instance: Instance) -> Survey:
    """Raise Unreachable when the server does not serve: there is nothing to back up then."""
    if found.info is None:
        raise Unreachable(
            f"{instance.name} does not answer: {found.silent}; its container is "
            f"{found.container.status}",
            f"{silence_remedy(found.container, instance.url)}; "
            "`redis-dr restore` can bring it back from a backup",
        )
    if found.info.loading:
        raise Unreachable(
            f"{instance.name} is loading its data set, {found.info.loading_loaded_perc:g} % done",
            "wait until it serves",
        )
    return found


def free_bytes(helper: Helper, path: str) -> int:
    """Free space of the file system that holds the path, as the container sees it."""
    return int(helper.run(FREE, path))


def configuration_text(helper: Helper, found: Survey) -> str:
    """The server's configuration file where the helper can see it (a bind mount), else ""."""
    path = found.info.config_file if found.info else ""
    return helper.run(_CONFIGURED, path) if path else ""


def users_of(helper: Helper, server: ServerConnection, found: Survey) -> Users | None:
    """Who may log in, and what is written down of it; None when the server does not report it."""
    if found.persistence is None:
        return None
    try:
        with server.errors():
            client = server.client()
            names = tuple(sorted(str(one) for one in client.acl_users()))  # redis-py decodes them
            file = config_values(client, ["aclfile"]).get("aclfile", "")
    except RedisDrError:  # refused by an ACL, or gone: a note is not worth a restore
        return None
    if not file:
        return Users(names, "", _configured_users(helper, found))
    # a relative one is looked for where the server runs
    said = helper.run(_SEEN, str(PurePosixPath(found.persistence.dir, file)))
    return Users(names, file, names_in(said) if said else None)


def _configured_users(helper: Helper, found: Survey) -> tuple[str, ...] | None:
    command = found.container.command
    text = configuration_text(helper, found)
    from_input = any("-" in word.split() for word in command)
    if not text and (from_input or (found.info and found.info.config_file)):
        return None  # there are such settings, and they cannot be seen from here
    given = (word for before, word in pairwise(command) if before == "--user")
    return (*names_in(text), *(word.split()[0] for word in given if word.split()))
