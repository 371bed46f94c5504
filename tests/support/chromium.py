"""Debian's chromium without a screen, driven by playwright."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from redis_dr.deployments.setup.browser import ensure_browser

# without the last four it asks for hosts outside at every start
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE_MS = 120_000


@contextlib.contextmanager
def open_page(width: int = 1400, height: int = 1000) -> Iterator[Page]:
    """One page of a fresh browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure_browser(), args=_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(_PATIENCE_MS)
        try:
            yield page
        finally:
            browser.close()
