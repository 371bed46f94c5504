"""Which server program an instance's image holds, asked of the image itself: it need not run."""

import re

from redis_dr.tasks.engine.helper import Helper, ScriptFailed

_ASK = '"$(command -v redis-server || command -v valkey-server)" --version'
_ANSWER = re.compile(r"(Redis|Valkey) server v=(\d+\.\d+(?:\.\d+)?)", re.IGNORECASE)


def image_server(helper: Helper) -> tuple[str, str]:
    """("redis", "7.2.6") or ("valkey", "8.1.1"). Raises ScriptFailed when there is neither."""
    output = helper.run(_ASK)
    version = _ANSWER.search(output)
    if version is None:
        raise ScriptFailed(
            f"the image's server does not print its version: {output.strip()!r}",
            "set helper_image only to an image that holds the same server",
        )
    return ("valkey" if "valkey" in output.lower() else "redis"), version[2]
