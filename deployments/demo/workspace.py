"""The demo's folder with password, configuration and query list; runs redis-dr on it."""

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from redis_dr.tasks.model.errors import RedisDrError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "deployments"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A new folder under .run with the files that a user writes by hand."""

    folder: Path

    @property
    def password_file(self) -> Path:
        """Readable by this user only."""
        return self.folder / "redis_password"

    @property
    def configuration(self) -> Path:
        """The demo's redis-dr.toml."""
        return self.folder / "redis-dr.toml"

    def run(self, *arguments: str, code: int = 0) -> None:
        """Run `redis-dr ARGUMENTS` as a user does. Raises RedisDrError on another exit code."""
        print(f"\n$ redis-dr {' '.join(arguments)}", flush=True)
        environment = {**os.environ, "REDIS_DR_CONFIG": str(self.configuration)}
        command = [str(Path(sys.executable).with_name("redis-dr")), *arguments]
        # one stream, so that a refusal is printed below its plan
        result = subprocess.run(
            command,
            check=False,
            env=environment,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        if result.returncode != code:
            raise RedisDrError(
                f"redis-dr {arguments[0]} ended with {result.returncode}, not {code}",
                "see its output above",
            )


def create_workspace(folder: Path) -> Workspace:
    """Recreate the folder, with a new password."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    workspace = Workspace(folder)
    workspace.password_file.touch(mode=0o600)
    workspace.password_file.write_text(secrets.token_urlsafe(24))
    shutil.copy(EXAMPLES / "common-queries.json", folder)
    return workspace


def write_configuration(
    workspace: Workspace, name: str, redis_port: int, service_port: int
) -> None:
    """The example configuration with this run's addresses in it."""
    text = (EXAMPLES / "redis-dr.toml").read_text()
    text = _replace_once(
        text,
        {
            "[instances.weka-redis]": f"[instances.{name}]",
            'container = "weka-redis"': f'container = "{name}"',
            "redis://127.0.0.1:6379": f"redis://127.0.0.1:{redis_port}",
            "http://127.0.0.1:8000/": f"http://127.0.0.1:{service_port}/",
            '# password_file = "/run/secrets/redis_password"': 'password_file = "redis_password"',
            '# cache_key = "': 'cache_key = "',
        },
    )
    workspace.configuration.write_text(text)


def _replace_once(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        if text.count(old) != 1:
            raise RedisDrError(
                f"deployments/redis-dr.toml has {old!r} {text.count(old)} times, not once",
                "correct the example, or deployments/demo/workspace.py",
            )
        text = text.replace(old, new)
    return text


def heading(text: str) -> None:
    """Print what happens next."""
    print(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def note(line: str) -> None:
    """Print a line of the demo, indented to tell it from the output of redis-dr."""
    print(f"   {line}", flush=True)
