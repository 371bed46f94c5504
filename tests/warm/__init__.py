"""The warm-up, against a real HTTP service and a real Redis."""
