/** Standard names of the views for BI: renamed in place, so that what was granted on them and built on them stays. */
export const BI_NAMES = /* sql */ `
    ALTER VIEW IF EXISTS perennial_bi.visits RENAME TO stage_periods;
    ALTER VIEW IF EXISTS perennial_bi.fates RENAME TO ingest_outcomes;
    DO $$
    BEGIN
      IF EXISTS (SELECT 1 FROM information_schema.columns
                  WHERE table_schema = 'perennial_bi' AND table_name = 'actions' AND column_name = 'said_at') THEN
        ALTER VIEW perennial_bi.actions RENAME COLUMN said_at TO published_at;
      END IF;
    END $$;
    `;
