/**
 * Standard names in the versions that were built before: the live one answers queries by these names until the rebuild that the next
 * start begins is done. Their model stays what it was, so they are rebuilt.
 */
export const READ_MODEL_NAMES = /* sql */ `
    DO $$
    DECLARE
      version record;
      renamed record;
    BEGIN
      FOR version IN SELECT schema_name AS name FROM perennial.versions LOOP
        FOR renamed IN SELECT * FROM (VALUES ('visits', 'stage_periods'), ('fates', 'ingest_outcomes')) AS t(was, becomes) LOOP
          IF to_regclass(format('%I.%I', version.name, renamed.was)) IS NOT NULL THEN
            EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', version.name, renamed.was, renamed.becomes);
          END IF;
        END LOOP;
        FOR renamed IN
          SELECT c.table_name, t.was, t.becomes
            FROM (VALUES ('customers', 'dossier', 'profile'), ('quarantine', 'path', 'pointer'), ('quarantine', 'mend', 'hint'),
                         ('links', 'refused', 'rejected')) AS t(table_name, was, becomes)
            JOIN information_schema.columns c
              ON c.table_schema = version.name AND c.table_name = t.table_name AND c.column_name = t.was
        LOOP
          EXECUTE format('ALTER TABLE %I.%I RENAME COLUMN %I TO %I', version.name, renamed.table_name, renamed.was, renamed.becomes);
        END LOOP;
      END LOOP;
    END $$;
    `;

/**
 * What queries ask of sources: in the versions that were built before these tables are empty, until the rebuild that the next start begins is done.
 */
export const SOURCE_TABLES = /* sql */ `
    DO $$
    DECLARE
      version record;
    BEGIN
      FOR version IN SELECT schema_name AS name FROM perennial.versions LOOP
        IF to_regclass(format('%I.quarantine', version.name)) IS NOT NULL THEN
          EXECUTE format('ALTER TABLE %I.quarantine ADD COLUMN IF NOT EXISTS claimed_source text', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.source_hours (
                            source text COLLATE "C", hour timestamptz(3), received int, accepted int, duplicate int, quarantined int,
                            suppressed int, last_at timestamptz(3))', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.source_counts (
                            source text COLLATE "C", quarter timestamptz(3), type text COLLATE "C", events int)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.source_sequences (
                            source text COLLATE "C", quarter timestamptz(3), seen int8multirange)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.source_closings (
                            position bigint, source text COLLATE "C", first_day date, until_day date, file text, counts jsonb, sums jsonb,
                            recorded_at timestamptz(3))', version.name);
        END IF;
      END LOOP;
    END $$;
    `;

/**
 * What queries and views for BI ask of bookings and discrepancies since orders are matched by (source, orderId): in the versions that were built
 * before these columns are empty, and nothing is listed, until the rebuild that the next start begins is done.
 */
export const ORDER_COLUMNS = /* sql */ `
    DO $$
    DECLARE
      version record;
    BEGIN
      FOR version IN SELECT schema_name AS name FROM perennial.versions LOOP
        IF to_regclass(format('%I.bookings', version.name)) IS NOT NULL THEN
          EXECUTE format('ALTER TABLE %I.bookings ADD COLUMN IF NOT EXISTS order_source text COLLATE "C",
                            ADD COLUMN IF NOT EXISTS order_at timestamptz(3),
                            ADD COLUMN IF NOT EXISTS contract_id text COLLATE "C",
                            ADD COLUMN IF NOT EXISTS voided_at timestamptz(3)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.discrepancies (
                            customer_id text COLLATE "C", kind text, order_source text COLLATE "C", order_id text COLLATE "C",
                            order_at timestamptz(3), contract_id text COLLATE "C", amount_minor bigint, currency text,
                            at timestamptz(3), settled_at timestamptz(3), source text COLLATE "C", event_id text COLLATE "C")',
                         version.name);
        END IF;
      END LOOP;
    END $$;
    `;

/**
 * What queries and views for BI ask of brands: in the versions that were built before no row has a brand, until the rebuild that the next start
 * begins is done.
 */
export const BRAND_COLUMNS = /* sql */ `
    DO $$
    DECLARE
      version record;
    BEGIN
      FOR version IN SELECT schema_name AS name FROM perennial.versions LOOP
        IF to_regclass(format('%I.discrepancies', version.name)) IS NOT NULL THEN
          EXECUTE format('ALTER TABLE %I.bookings ADD COLUMN IF NOT EXISTS brand text COLLATE "C"', version.name);
          EXECUTE format('ALTER TABLE %I.discrepancies ADD COLUMN IF NOT EXISTS brand text COLLATE "C"', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.customer_brands (
                            customer_id text COLLATE "C", brand text COLLATE "C", at timestamptz(3), source text COLLATE "C",
                            event_id text COLLATE "C")', version.name);
        END IF;
      END LOOP;
    END $$;
    `;

/** What queries ask of segments: in the versions that were built before no segment is defined, until the rebuild that the next start begins is done. */
export const SEGMENT_READ_MODELS = /* sql */ `
    DO $$
    DECLARE
      version record;
    BEGIN
      FOR version IN SELECT schema_name AS name FROM perennial.versions LOOP
        IF to_regclass(format('%I.customers', version.name)) IS NOT NULL THEN
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.segments (
                            position bigint, segment_id text COLLATE "C", version int, definition jsonb, recorded_at timestamptz(3),
                            recorded_by text)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.segment_events (
                            customer_id text COLLATE "C", pattern text COLLATE "C", at timestamptz(3), source text COLLATE "C",
                            event_id text COLLATE "C")', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.segment_members (
                            segment_id text COLLATE "C", customer_id text COLLATE "C")', version.name);
        END IF;
      END LOOP;
    END $$;
    `;

/**
 * What queries ask of attributes: in the versions that were built before none is defined, until the rebuild that the next start begins is done.
 */
export const ATTRIBUTE_TABLES = /* sql */ `
    DO $$
    DECLARE
      version record;
    BEGIN
      FOR version IN SELECT schema_name AS name FROM perennial.versions LOOP
        IF to_regclass(format('%I.subjects', version.name)) IS NOT NULL THEN
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.attribute_definitions (
                            name text COLLATE "C", version int, definition jsonb, filled_to bigint, fill_to bigint)', version.name);
          EXECUTE format('CREATE TABLE IF NOT EXISTS %I.attribute_facts (
                            name text COLLATE "C", source text COLLATE "C", event_id text COLLATE "C", seq int, subject_id text COLLATE "C",
                            at timestamptz(3), recorded_at timestamptz(3), from_at timestamptz(3), until_at timestamptz(3), precedence int,
                            stated boolean, opened boolean, value text COLLATE "C")', version.name);
        END IF;
      END LOOP;
    END $$;
    `;
