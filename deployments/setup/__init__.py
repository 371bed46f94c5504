"""From a bare machine to one that can run redis-dr: virtual environment, engine, images."""
