"""The parts of the demo: an instance, its data, a query service, a Prefect server. Not packaged."""
