"""The network interface of a private engine: made before it starts, gone when it stops.

The engine itself keeps its hands off the machine's packet filter; one rule of ours lets its
containers talk to each other where another Docker once set the default to DROP.
"""

import ipaddress
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from redis_dr.deployments.setup.lock import exclusive
from redis_dr.tasks.model.errors import Unreachable

_ROUTES = Path("/proc/net/route")
# root's own folder: whoever makes a network interface is root
_CHOOSING = Path("/run/redis-dr-networks.lock")


def make_bridge(name: str) -> None:
    """Have the interface up with an address that nothing here routes to. Raises Unreachable."""
    if Path("/sys/class/net", name).exists():  # of a run that was killed
        return
    # engines that start at one moment would choose one network, and mix up their servers
    with exclusive(_CHOOSING):
        _make(name)


def _make(name: str) -> None:
    address = free_network(_ROUTES.read_text() if _ROUTES.exists() else "")[1]
    for command in (
        ["ip", "link", "add", name, "type", "bridge"],
        ["ip", "address", "add", f"{address}/24", "dev", name],
        ["ip", "link", "set", name, "up"],
    ):
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        if result.returncode != 0:
            remove_bridge(name)
            raise Unreachable(
                f"no network for a private Docker engine: {result.stderr.strip()}",
                "start Docker yourself (DOCKER_HOST or the default socket), and try again",
            )
    _filter("-I", name)


def remove_bridge(name: str) -> None:
    """Take interface and rule away; harmless when they are gone."""
    _filter("-D", name)
    subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)


def _filter(action: str, name: str) -> None:
    # without the program nothing here filters either
    if shutil.which("iptables"):
        rule = ["iptables", "-w", action, "FORWARD", "-i", name, "-o", name, "-j", "ACCEPT"]
        subprocess.run(rule, check=False, capture_output=True)


def free_network(routes: str) -> ipaddress.IPv4Network:
    """The first private /24 of a fixed list that no route of /proc/net/route covers."""
    taken = list(_networks(routes.splitlines()[1:]))
    choices = (ipaddress.IPv4Network(f"10.213.{third}.0/24") for third in range(256))
    free = (one for one in choices if not any(one.overlaps(other) for other in taken))
    return next(free)


def _networks(rows: Iterable[str]) -> Iterable[ipaddress.IPv4Network]:
    for row in rows:
        fields = row.split()
        start, mask = (int.from_bytes(bytes.fromhex(fields[i]), "little") for i in (1, 7))
        if mask:  # not the default route
            yield ipaddress.IPv4Network((start, mask.bit_count()))
