/**
 * Who stands under which name, where the log itself cannot tell (EventStoreDB). Belongs to the log, not to a version of the
 * read models: it survives rebuilds, and whichever version is followed first takes it further.
 */
export const ID_TABLES = /* sql */ `
    -- The name of every event, as the UUID made from its (source, id), with the lowest position at which it stands and the
    -- hash of what stands there (16 bytes, held as a uuid because that has no header of its own).
    CREATE TABLE perennial.ids (
      position bigint NOT NULL,
      uuid     uuid PRIMARY KEY,
      content  uuid NOT NULL
    );

    -- Events that repeat a name recorded lower: no reader gets them, and they count as duplicates of \`repeats\`. Their receipt
    -- counted them otherwise, since nobody knew: under counted_source and counted_day as counted_as; null where no receipt did.
    CREATE TABLE perennial.duplicates (
      position       bigint PRIMARY KEY,
      repeats        bigint NOT NULL,
      same_content   boolean NOT NULL,
      source         text NOT NULL,
      event_id       text NOT NULL,
      counted_source text,
      counted_day    date,
      counted_as     text CHECK (counted_as IN ('accepted', 'quarantined'))
    );

    -- The running maximum of recordedAt at some positions, a second or a page apart: where to begin when it is asked what
    -- was known at an instant. Both columns only rise.
    CREATE TABLE perennial.marks (
      position    bigint PRIMARY KEY,
      recorded_at timestamptz(3) NOT NULL
    );
    CREATE INDEX marks_by_time ON perennial.marks (recorded_at, position);

    -- One row. Up to position all of this is known; recorded_at: the running maximum there. marked_at, unmarked: the instant
    -- of the last mark, and how many events came since. Whoever judges names holds this row.
    CREATE TABLE perennial.ids_known (
      one         boolean PRIMARY KEY DEFAULT true CHECK (one),
      position    bigint NOT NULL,
      recorded_at timestamptz(3) NOT NULL,
      marked_at   timestamptz(3) NOT NULL,
      unmarked    int NOT NULL
    );
    INSERT INTO perennial.ids_known VALUES (true, 0, '-infinity', '-infinity', 0);
    `;

/** Standard names: event ids. */
export const EVENT_ID_NAMES = /* sql */ `
    -- The id of every event, as the UUID of its (source, id), with the lowest position at which it is stored.
    ALTER TABLE perennial.ids RENAME TO event_ids;
    ALTER INDEX perennial.ids_pkey RENAME TO event_ids_pkey;
    -- One row: how far the log was deduplicated. The transaction that deduplicates a page locks it.
    ALTER TABLE perennial.ids_known RENAME TO event_ids_progress;
    ALTER INDEX perennial.ids_known_pkey RENAME TO event_ids_progress_pkey;
    `;
