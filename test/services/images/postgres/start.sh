#!/bin/sh
# Makes the database at the first start, then becomes the server. The settings are the official image's: POSTGRES_USER,
# POSTGRES_PASSWORD, POSTGRES_DB, and POSTGRES_HOST_AUTH_METHOD=trust for tests that need no password.
set -eu
user="${POSTGRES_USER:-postgres}"
database="${POSTGRES_DB:-$user}"
method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
    echo 'POSTGRES_PASSWORD is not set: give the superuser a password.' >&2
    exit 1
  fi
  secret="$(mktemp)"
  printf '%s\n' "${POSTGRES_PASSWORD:-none}" > "$secret"
  initdb -D "$PGDATA" -U "$user" --pwfile="$secret" -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host="$method" > /dev/null
  rm "$secret"
  printf 'host all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
  [ "$database" = postgres ] ||
    printf 'CREATE DATABASE "%s";\n' "$database" | postgres --single -D "$PGDATA" postgres > /dev/null
fi
exec "$@" -c listen_addresses='*'
