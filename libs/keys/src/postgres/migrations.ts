import type { Migration } from '#database';

/** Vacuums the table of keys as soon as one was destroyed: until then the old row stays in its page. */
const VACUUM_AT_ONCE = 'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0';

/** The schema `perennial_keys`. A released step is never edited: change the schema by a new step. */
export const KEY_MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'keys',
    // Releases before 0.2 made these tables without a list of steps: in their databases this step changes nothing.
    sql: `
      CREATE TABLE IF NOT EXISTS perennial_keys.facts (name text PRIMARY KEY, value bytea NOT NULL);
      -- One key per subject, or per quarantined body. Without a secret: it was destroyed, and never gets one again. Making a key and
      -- destroying it meet in this one row, so the second of them sees the first.
      CREATE TABLE IF NOT EXISTS perennial_keys.keys (id bytea PRIMARY KEY, secret bytea) WITH (${VACUUM_AT_ONCE});
      -- A listed key is destroyed with any of the subjects that it is listed under.
      CREATE TABLE IF NOT EXISTS perennial_keys.listed (
        subject_id bytea NOT NULL, key_id bytea NOT NULL, PRIMARY KEY (subject_id, key_id));
      -- Destroyed keys, in order: every process polls it for what the others destroyed.
      CREATE TABLE IF NOT EXISTS perennial_keys.erasures (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id bytea NOT NULL);
      -- Of the ids that never get a key again, those that were erased under an earlier hash key.
      CREATE TABLE IF NOT EXISTS perennial_keys.erased_earlier (id bytea PRIMARY KEY);
      -- API keys, with a hash of each secret and never the secret itself.
      CREATE TABLE IF NOT EXISTS perennial_keys.api_keys (
        id text PRIMARY KEY, name text NOT NULL, hash bytea NOT NULL, permissions jsonb NOT NULL,
        created_at timestamptz(3) NOT NULL, revoked_at timestamptz(3));
    `,
  },
  {
    number: 2,
    name: 'expiring keys',
    sql: `
      -- When a key is destroyed at the latest: of a quarantined body that could not be searched for the persons in it.
      CREATE TABLE perennial_keys.expiring (key_id bytea PRIMARY KEY, at timestamptz(3) NOT NULL);
      CREATE INDEX expiring_by_time ON perennial_keys.expiring (at);
    `,
  },
  {
    number: 3,
    name: 'roles, scopes and expiry of API keys',
    sql: `
      ALTER TABLE perennial_keys.api_keys
        ADD COLUMN role text,
        ADD COLUMN scopes jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN expires_at timestamptz(3),
        ADD COLUMN replaces text,
        ADD COLUMN last_used_at timestamptz(3);
      CREATE TABLE perennial_keys.blocked_principals (
        principal text NOT NULL, at timestamptz(3) NOT NULL, by text NOT NULL, lifted_at timestamptz(3),
        PRIMARY KEY (principal, at));

      UPDATE perennial_keys.api_keys SET permissions = (permissions - 'read-personal') || '["open"]'
       WHERE permissions ? 'read-personal';
      -- The admin key of the first start may do everything, as before.
      UPDATE perennial_keys.api_keys SET permissions =
        '["publish","read","open","audit","quarantine","decide","policy","types","erase","hold","operate","prove","administer","approve"]'
       WHERE name = 'admin' AND permissions @> '["publish","read","open","audit","operate"]'
         AND id = (SELECT id FROM perennial_keys.api_keys ORDER BY created_at, id COLLATE "C" LIMIT 1);
      -- The other keys keep the routes that \`operate\` opened, except the keys themselves: those need \`administer\` now.
      UPDATE perennial_keys.api_keys SET permissions = permissions || '["quarantine","types","policy","erase"]'
       WHERE permissions ? 'operate' AND NOT permissions ? 'administer';
    `,
  },
  {
    number: 4,
    name: 'rates of API keys',
    sql: `ALTER TABLE perennial_keys.api_keys ADD COLUMN rate jsonb NOT NULL DEFAULT '{}'`,
  },
  {
    number: 5,
    name: 'sessions of browsers',
    sql: `
      CREATE TABLE perennial_keys.sessions (
        hash text PRIMARY KEY, principal text NOT NULL, issuer_session text, sealed bytea NOT NULL,
        begun_at timestamptz(3) NOT NULL, last_seen_at timestamptz(3) NOT NULL, ends_at timestamptz(3) NOT NULL);
      CREATE INDEX sessions_by_principal ON perennial_keys.sessions (principal);
      CREATE INDEX sessions_by_issuer_session ON perennial_keys.sessions (issuer_session);
    `,
  },
  {
    number: 6,
    name: 'legal holds',
    sql: `
      -- One that was lifted stays here, so that it is not placed again by a process that reads the log later.
      CREATE TABLE perennial_keys.holds (id bytea PRIMARY KEY, case_name text NOT NULL, lifted boolean NOT NULL);
      -- The subjects and quarantined bodies that a hold in force keeps.
      CREATE TABLE perennial_keys.held (
        subject_id bytea NOT NULL, hold_id bytea NOT NULL, PRIMARY KEY (subject_id, hold_id));
      CREATE INDEX held_by_hold ON perennial_keys.held (hold_id);
      CREATE INDEX listed_by_key ON perennial_keys.listed (key_id);
    `,
  },
  {
    number: 7,
    name: 'standing purposes of API keys',
    sql: `ALTER TABLE perennial_keys.api_keys ADD COLUMN standing_purpose text`,
  },
  {
    number: 8,
    name: 'keys of classes and years',
    sql: `
      -- The keys of a class of personal fields and a year. Each is listed under its subject.
      CREATE TABLE perennial_keys.class_keys (key_id bytea PRIMARY KEY, class text NOT NULL, year int NOT NULL);
      CREATE INDEX class_keys_by_year ON perennial_keys.class_keys (class, year);
      -- How many were destroyed since their time was over, and how many of these the log records.
      CREATE TABLE perennial_keys.class_keys_destroyed (
        class text NOT NULL, year int NOT NULL, total bigint NOT NULL, recorded bigint NOT NULL, PRIMARY KEY (class, year));
    `,
  },
  {
    number: 9,
    name: 'segments by API keys',
    sql: `
      -- Marketers define segments, and the admin key of the first start may do everything.
      UPDATE perennial_keys.api_keys SET permissions = permissions || '["curate"]'
       WHERE NOT permissions ? 'curate' AND (role = 'marketer' OR permissions ?& ARRAY['publish', 'administer']);
    `,
  },
];
