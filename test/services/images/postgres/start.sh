#!/bin/sh
# Makes the database at the first start, then becomes the server. The settings are the official image's: POSTGRES_USER,
# POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD=trust for tests that need no password, and the scripts (*.sh) in
# /docker-entrypoint-initdb.d, which are run once.
set -eu
export POSTGRES_USER="${POSTGRES_USER:-postgres}"
export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}"
method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
    echo 'POSTGRES_PASSWORD is not set: give the superuser a password.' >&2
    exit 1
  fi
  secret="$(mktemp)"
  printf '%s\n' "${POSTGRES_PASSWORD:-none}" > "$secret"
  initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="$secret" -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host="$method" > /dev/null
  rm "$secret"
  printf 'host all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
  # Until all is made, it answers on its socket only.
  pg_ctl -D "$PGDATA" -w -s -o "-c listen_addresses=''" start
  [ "$POSTGRES_DB" = postgres ] || createdb --username "$POSTGRES_USER" "$POSTGRES_DB"
  for script in /docker-entrypoint-initdb.d/*.sh; do
    [ ! -f "$script" ] || sh "$script"
  done
  pg_ctl -D "$PGDATA" -w -s -m fast stop
fi
exec "$@" -c listen_addresses='*'
