"""Back up a Redis in a Docker container, bring it back, and prove that it would come back.

`redis_dr.api` gives every command as a function that returns its report.
"""
