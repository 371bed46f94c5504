"""The login of a Prefect server, and the settings that close its API to others.

Who reaches that API runs code as the worker: a run may name any code to fetch and start. On a
shared machine every user reaches the loopback address, and so does a page in a browser.
"""

import os
import secrets
from pathlib import Path

FILE = "login"


def login_file(home: Path) -> Path:
    """USER:PASSWORD in one line, for this user only; generated when it is missing."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    file = home / FILE
    if not file.exists():
        new = home / f".{FILE}.{os.getpid()}"
        new.touch(mode=0o600)
        new.write_text(f"redis-dr:{secrets.token_urlsafe(24)}\n")
        new.rename(file)
    file.chmod(0o600)
    return file


def login(home: Path) -> str:
    """The authentication string that the file holds."""
    return login_file(home).read_text().strip()


def closed(home: Path, address: str) -> dict[str, str]:
    """Variables for the server at this address and its clients: Prefect takes no file for them."""
    return {
        "PREFECT_SERVER_API_AUTH_STRING": login(home),
        "PREFECT_API_AUTH_STRING": login(home),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
    }
