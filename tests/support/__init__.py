"""Helpers of the tests: real servers, real faults, and waiting with a deadline.

The fixtures, from the smallest to the largest:

* `redis_server`, `redis_factory`, `runbook_redis`: containers of one test (tests/conftest.py).
* `clean`, `filled`, `instance`: one server for a folder, reset for each test (runbook_instance.py).
* `full`, `lasting`, `make_estate`: an `Estate`, a server with a store and a configuration
  (instances.py). `lasting` is shared by the tests of a module.
* `make_scene`, `here`: a `Scene`, servers with a redis-dr.toml for other processes (scene.py).
* `made`, `place`: a `Place`, a store with two backups; `place` is a copy to damage (drill_case.py).
* `s3_server`, `s3_tls_server`, `moto_server`, `prefect_server`: services of the session.
"""
