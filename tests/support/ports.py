"""Ports for servers that must keep theirs over a restart; the demo needs the same."""

from deployments.demo.ports import free_port

__all__ = ["free_port"]
