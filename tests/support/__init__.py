"""Helpers of the tests: real servers, real faults, and waiting with a deadline."""
