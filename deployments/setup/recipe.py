"""Which Redis images there are for tests and the demo, and how each comes to be."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

ENTRYPOINT = Path(__file__).with_name("entrypoint.sh")
LABEL = "redis-dr.recipe"
REVISION = "1"  # raise it when the way an image is built changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One image. `suite` is Debian's code name; other distributions give what they have."""

    image: str
    official: str  # what it stands for where a registry can be reached
    suite: str
    server: str  # "redis" or "valkey": the prefix of the programs, and of Debian's packages

    @property
    def packages(self) -> tuple[str, ...]:
        """Debian packages; -tools holds the server too (redis-server is a link to a tool)."""
        return (f"{self.server}-tools", "busybox-static", "util-linux")

    @property
    def digest(self) -> str:
        """Changes whenever the image has to be built anew; 12 hex digits."""
        text = f"{REVISION} {self.image} {self.suite} {self.packages}"
        return hashlib.sha256(text.encode() + ENTRYPOINT.read_bytes()).hexdigest()[:12]


REDIS_70 = Recipe(
    image="redis-dr/redis:7.0", official="redis:7.0-alpine", suite="bookworm", server="redis"
)
REDIS_80 = Recipe(
    image="redis-dr/redis:8.0", official="redis:8.0-alpine", suite="trixie", server="redis"
)
VALKEY_81 = Recipe(
    image="redis-dr/valkey:8.1",
    official="valkey/valkey:8.1-alpine",
    suite="trixie",
    server="valkey",
)
RECIPES = {recipe.image: recipe for recipe in (REDIS_70, REDIS_80, VALKEY_81)}
