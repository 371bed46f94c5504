from typing import Self

from redis_dr.tasks.rdb.scan.quick import Row

def scan(
    buf: bytes, pos: int, base: int, rows: list[Row], digests: list[bytes | None] | None, most: int
) -> tuple[int, bool]: ...
def unpack(data: bytes, length: int) -> bytes | None: ...

class Tally:
    def __new__(
        cls, rules: tuple[tuple[bytes, ...], ...], digest: bool, taken_at: int, alive_at: int | None
    ) -> Self: ...
    def feed(
        self, buf: bytes, pos: int, base: int, largest: int, hottest: int
    ) -> tuple[int, bool, list[Row]]: ...
    def totals(
        self,
    ) -> tuple[
        int,
        int,
        int,
        int,
        int,
        tuple[int, int],
        list[tuple[int, int]],
        list[tuple[int, int, int | None, int | None]],
    ]: ...
