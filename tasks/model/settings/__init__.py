"""The shape of redis-dr.toml: one module for each area, `root` for the whole file."""
