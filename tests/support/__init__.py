"""Helpers of the tests: real servers, real faults, and waiting with a deadline.

The fixtures, from the smallest to the largest:

* `redis_server`, `redis_factory`, `runbook_redis`: containers of one test (tests/conftest.py).
* `clean`, `filled`, `instance`: one server for a folder, reset for each test (runbook_instance.py).
* `filled_redis`, `shared_redis`, `make_redis`: a `ManagedRedis`, a server with a store and its
  configuration (instances.py). `shared_redis` is shared by the tests of a module.
* `proven_redis`: a `ProvenRedis`, a server with one proven backup, for a module (proven_redis.py).
* `make_installation`, `here`: an `Installation`, servers with a redis-dr.toml for other processes
  (installation.py).
* `made`, `drill_case`: a `DrillCase`, a store with two backups; `drill_case` is a copy to damage
  (drill_case.py).
* `s3_server`, `s3_tls_server`, `moto_server`, `prefect_server`: services of the session.
"""
