"""One rule for retries, one for the breaker; below every room, so that all of them share it."""
