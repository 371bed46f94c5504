#!/bin/sh
# Does what the official image's entrypoint does, so that file owners and modes on the volume come
# out as they do there: started as root, it hands /data to redis and goes on as redis (999:1000).
set -e

case "$1" in
	-* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
	find . \! -user redis -exec chown redis {} +
	# by its path: busybox's shell would take its own applet, which cannot change the user
	exec /usr/bin/setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi

if [ "$(umask)" = 0022 ]; then
	umask 0077
fi

exec "$@"
