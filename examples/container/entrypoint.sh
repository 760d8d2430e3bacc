#!/bin/sh
# Migrates the store, then becomes the service. Use it as the ENTRYPOINT of an image, with the service as its CMD:
#
#   ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
#   CMD ["maya-learn", "--port", "8080"]
#
# KGDUMP_CONFIG  the service's storage.toml, /etc/maya/storage.toml if not set
# KGDUMP_LOG     a file to which each event of a migration is appended; without it they go to standard error only
#
# Mount the volume on the directory that holds the store, not on the store itself: a mount point can't be moved.
# When the migration fails, this ends with kgdump's exit code, the service is not started, and the old store is in place.
set -eu

say() {
  printf 'entrypoint: %s\n' "$1" >&2
}

if [ "$#" -eq 0 ]; then
  say "no service is named: give its command line as arguments"
  exit 2
fi

KGDUMP_CONFIG=${KGDUMP_CONFIG:-/etc/maya/storage.toml}

# In the background, so that a signal reaches it although this shell is process 1; it stops at once and cleans up.
migration=
stopped=0
trap 'stopped=143; [ -z "$migration" ] || kill -TERM "$migration" 2>/dev/null || :' TERM INT HUP
kgdump migrate --config "$KGDUMP_CONFIG" --no-input ${KGDUMP_LOG:+--log "$KGDUMP_LOG"} &
migration=$!
# A signal may have come before that was known.
[ "$stopped" -eq 0 ] || kill -TERM "$migration" 2>/dev/null || :

code=0
wait "$migration" || code=$?
# A signal ends the wait before the migration has ended.
while kill -0 "$migration" 2>/dev/null; do
  code=0
  wait "$migration" || code=$?
done
trap - TERM INT HUP
if [ "$stopped" -ne 0 ]; then
  say "told to stop, so the service is not started; the next start goes on with the migration"
  exit "$stopped"
fi

case $code in
  0) exec "$@" ;;
  2) reason="the settings in $KGDUMP_CONFIG or this script's options are wrong" ;;
  3) reason="the dump was damaged while it was made or read: check the disk and the memory" ;;
  4) reason="the new store differs from the old one: check the disk and the memory" ;;
  5) reason="there is no room for the new store and the dump" ;;
  6) reason="the store is in use: another container or process has it open" ;;
  7) reason="the store can't be read whole, or it is no store" ;;
  126 | 127) reason="kgdump can't be run: is it installed in this image?" ;;
  12[89] | 1[3-9]? | 2??) reason="the migration was killed; the next start goes on with it" ;;
  *) reason="see the error above" ;;
esac
say "the migration failed with exit code $code: $reason; the service is not started"
exit "$code"
