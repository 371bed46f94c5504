"""Put the new data beside the old on the instance's own volume, checked, before the stop."""

import hashlib
from pathlib import Path

from redis_dr.tasks.engine.files import Owner
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.model.errors import Damaged
from redis_dr.tasks.model.server.aof import base_only
from redis_dr.tasks.model.server.target import Target
from redis_dr.tasks.model.server.volume import Layout
from redis_dr.tasks.restore.journal import FLUSH
from redis_dr.tasks.step import step

# A container that starts as somebody hands nothing over: that user must be able to read. Else the
# files that stand there say who may, or the directory does (facts/redis.md 4).
_OWNER = """
cd "$1"
user=${4%%:*}; group=${4#"$user"}; group=${group#:}
if [ -n "$user" ] && [ "$user" != 0 ] && [ "$user" != root ]; then
  case "$user" in *[!0-9]*) group=${group:-$(id -g "$user")}; user=$(id -u "$user") ;; esac
  case "$group" in *[!0-9]*) group=$(awk -F: -v g="$group" '$1 == g {print $3}' /etc/group) ;; esac
  echo "$user ${group:-0}"; exit 0
fi
for name in "$2" "$3"; do
  if [ -e "$name" ]; then stat -c '%u %g' -- "$name"; exit 0; fi
done
owner=$(stat -c '%u %g' .)
# nothing was ever served from here: the image's entrypoint would hand a directory of root's over
if [ "${owner%% *}" = 0 ]; then
  for name in redis valkey; do
    if id -u "$name" >/dev/null 2>&1; then owner="$(id -u "$name") $(id -g "$name")"; break; fi
  done
fi
echo "$owner"
"""
# Newer official entrypoints leave the owners alone where they see a file that is not Redis's, and
# ours lie here until the new data is proven: a directory of root's would stay unwritable.
_HAND_OVER = """
if [ "$(stat -c %u "$1")" = 0 ]; then chown "$2:$3" "$1"; chmod u+rwx "$1"; fi
"""
_FOLDERS = 'rm -rf "$2"; mkdir -p "$2"; chmod 711 "$1"; chmod 711 "${2%/*}"; chmod 700 "$2"'

_THROWAWAY = """
rm -rf "$4"; mkdir -p "$4"
chmod 711 "$2" "$3"; chmod 700 "$4"; chown "$(stat -c %u:%g "$1")" "$4"
stat -c '%u %g' "$4"
"""

# the base is the same inode as the dump: a copy for free
_APPEND_FOLDER = (
    FLUSH
    + """
new=$1; dump=$2; folder=$3; base=$4; manifest=$5; owner=$6
mkdir -p "$new/$folder"
ln "$new/$dump" "$new/$folder/$base" || cp -p "$new/$dump" "$new/$folder/$base"
printf %s "$7" > "$new/$folder/$manifest"
chmod 700 "$new/$folder"; chmod 600 "$new/$folder/$manifest"
chown -R "$owner" "$new"
flush "$new/$folder/$manifest" "$new/$folder" "$new"
"""
)
# on the disk before the stop: the exchange then has little to flush, and a power cut takes nothing
# by standard input: sha256sum marks the line of a name with a backslash in it
_HASH = FLUSH + 'flush "$1"; sha256sum < "$1"'


@step
def owner_of_data(helper: Helper, target: Target, user: str = "") -> Owner:
    """Whom the data has to belong to, as numbers. `user` is the container's, "" the image's."""
    uid, gid = helper.run(_OWNER, target.dir, *target.names, user).split()
    return Owner(int(uid), int(gid))


def throwaway_folder(helper: Helper, layout: Layout, folder: str) -> Owner:
    """Make a folder of this operation for a throwaway server; returns as whom it runs there.

    That is the owner of the data directory: another user may not be able to enter it.
    """
    uid, gid = helper.run(_THROWAWAY, layout.dir, layout.folder, layout.home, folder).split()
    return Owner(int(uid), int(gid))


@step
def stage(helper: Helper, layout: Layout, target: Target, path: Path, owner: Owner) -> None:
    """Write the file to this operation's folder on the volume. Raises Damaged unless it arrived."""
    dump = f"{layout.new}/{target.dump}"
    if owner.uid:
        helper.run(_HAND_OVER, target.dir, str(owner.uid), str(owner.gid))
    helper.run(_FOLDERS, layout.folder, layout.new)
    with path.open("rb") as source:
        helper.write(dump, source, path.stat().st_size, owner)
    _compare(helper, dump, path)
    if target.appendonly:
        manifest = base_only(target.append_file)
        names = (manifest.files[0].name, f"{target.append_file}.manifest")
        who = f"{owner.uid}:{owner.gid}"
        helper.run(
            _APPEND_FOLDER,
            layout.new,
            target.dump,
            target.append_folder,
            *names,
            who,
            manifest.text(),
        )


def _compare(helper: Helper, staged: str, path: Path) -> None:
    with path.open("rb") as source:
        expected = hashlib.file_digest(source, "sha256").hexdigest()
    actual = helper.run(_HASH, staged).split()[0]
    if actual != expected:
        raise Damaged(
            f"{staged} is not what was sent: SHA-256 {actual}, expected {expected}",
            "check the disk under the volume; nothing was changed",
        )
