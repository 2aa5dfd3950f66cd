#!/bin/sh
# The server runs this once, when its folder is new: two databases with a role each. The role of the read models cannot read the
# keys, and the role of the keys cannot read the read models. Passwords come from the environment alone.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" << 'SQL'
\getenv engine_password ENGINE_PASSWORD
\getenv keys_password KEYS_PASSWORD
CREATE ROLE perennial LOGIN PASSWORD :'engine_password';
CREATE ROLE perennial_keys LOGIN PASSWORD :'keys_password';
CREATE DATABASE perennial OWNER perennial;
CREATE DATABASE perennial_keys OWNER perennial_keys;
REVOKE CONNECT ON DATABASE perennial_keys FROM PUBLIC;
SQL
