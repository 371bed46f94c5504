"""The only code that knows httpx: asks one service."""
