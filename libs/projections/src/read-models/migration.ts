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
