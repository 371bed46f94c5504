"""How many keys a call of a command can write, where COMMAND INFO may not be asked.

From COMMAND of Redis 7.0, Redis 8.0 and Valkey 8.1. What stands in neither list is taken for a
command that writes any number of keys.
"""

import math
from typing import Any, Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_READS: Final = _words(
    """
    acl asking auth bgrewriteaof bgsave bitcount bitfield_ro bitpos client cluster command
    commandlog config dbsize debug discard dump echo eval eval_ro evalsha evalsha_ro exec exists
    expiretime failover fcall fcall_ro function geodist geohash geopos georadius_ro
    georadiusbymember_ro geosearch get getbit getrange hello hexists hexpiretime hget hgetall
    hkeys hlen hmget hpexpiretime hpttl hrandfield hscan hstrlen httl hvals info keys lastsave
    latency lcs lindex llen lolwut lpos lrange memory mget module monitor multi object pexpiretime
    pfcount pfselftest ping psubscribe psync pttl publish pubsub punsubscribe quit randomkey
    readonly readwrite replconf replicaof reset role save scan scard script sdiff select shutdown
    sinter sintercard sismember slaveof slowlog smembers smismember sort_ro spublish srandmember
    sscan ssubscribe strlen subscribe substr sunion sunsubscribe sync time touch ttl type
    unsubscribe unwatch vcard vdim vemb vgetattr vinfo vismember vlinks vrandmember vsim wait
    waitaof watch xinfo xlen xpending xrange xread xrevrange zcard zcount zdiff zinter zintercard
    zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex
    zrevrangebyscore zrevrank zscan zscore zunion
    """
)
_WRITES_ONE: Final = _words(
    """
    append bitfield decr decrby expire expireat geoadd getdel getex getset hdel hexpire hexpireat
    hgetdel hgetex hincrby hincrbyfloat hmset hpersist hpexpire hpexpireat hset hsetex hsetnx incr
    incrby incrbyfloat linsert lpop lpush lpushx lrem lset ltrim move persist pexpire pexpireat
    pfadd psetex restore rpop rpush rpushx sadd set setbit setex setnx setrange spop srem vadd
    vrem vsetattr xack xadd xautoclaim xclaim xdel xsetid xtrim zadd zincrby zpopmax zpopmin zrem
    zremrangebylex zremrangebyrank zremrangebyscore
    """
)
_WRITES_TWO: Final = _words(
    "blmove brpoplpush copy geosearchstore lmove rename renamenx rpoplpush smove zrangestore"
)
_SUBCOMMANDS_WRITE: Final = frozenset({"xgroup"})  # the container itself is not marked as writing


def keys_a_call(name: str) -> float:
    """By the built-in table."""
    name = name.lower()  # those of modules are in capitals
    if name in _READS:
        return 0
    if name in _WRITES_ONE:
        return 1
    return 2 if name in _WRITES_TWO else math.inf


def keys_a_call_by_server(about: dict[str, Any]) -> float:
    """By the server's own COMMAND INFO of one command."""
    if about["name"] in _SUBCOMMANDS_WRITE:
        return math.inf
    if "write" not in about["flags"]:
        return 0
    first, last, step = about["first_key_pos"], about["last_key_pos"], about["step_count"]
    if first < 1 or last < first or "movablekeys" in about["flags"]:
        return math.inf  # FLUSHALL, DEL with many keys
    return float((last - first) // max(1, step) + 1)
