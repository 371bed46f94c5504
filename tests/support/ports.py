"""Ports for servers that must keep theirs over a restart; the demo needs the same."""

from redis_dr.deployments.demo.instance import free_port

__all__ = ["free_port"]
