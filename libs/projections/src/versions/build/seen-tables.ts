import { instantText, valuesOf, type Row, type Table, type Transaction } from '#database';
import { erasureOf, type PageFacts } from '../../indexing/page-facts.js';
import { countRows } from '../../read-models/completeness/projection.js';
import { SOURCE_COUNTS } from '../../read-models/completeness/table.js';
import { linkRow, subjectRow } from '../../read-models/links/projection.js';
import { LINKS, SUBJECTS } from '../../read-models/links/table.js';
import type { LinksSeen, SeenLink } from './links-seen.js';

/**
 * Subjects, links and counts as the scan of a log too large to be held sees them, before they are made unique. Dropped after the scan. They are not
 * unlogged tables: those are emptied after a crash, while the build goes on from where it was.
 */
export const SEEN_TABLES = /* sql */ `
  CREATE TABLE IF NOT EXISTS subjects_seen (LIKE subjects);
  CREATE TABLE IF NOT EXISTS links_seen (LIKE links);
  CREATE TABLE IF NOT EXISTS counts_seen (LIKE source_counts);
  CREATE TABLE IF NOT EXISTS erasures_seen (subject_id text NOT NULL, erased_at timestamptz(3) NOT NULL);`;

export const DROP_SEEN_TABLES = 'DROP TABLE IF EXISTS subjects_seen, links_seen, counts_seen, erasures_seen;';

/** Writes the subjects, links, counts and erasures of a stretch of the log. */
export async function writeSeen(tx: Transaction, facts: PageFacts, links: LinksSeen): Promise<void> {
  await copy(tx, SUBJECTS, [...facts.subjects.values()].map(subjectRow), 'subjects_seen');
  await copy(tx, LINKS, links.kept.map(seenLinkRow), 'links_seen');
  await copy(tx, SOURCE_COUNTS, countRows(facts.books), 'counts_seen');
  const erased = facts.erasures.map(erasureOf);
  await tx.copyIn(
    'erasures_seen',
    ['subject_id', 'erased_at'],
    erased.flatMap(({ subjectIds, at }) => subjectIds.map((subjectId) => [subjectId, instantText(at)])),
  );
}

/** The row of a link, revoked where it was. */
export const seenLinkRow = (link: SeenLink): Row => ({ ...linkRow(link), revoked_position: link.revokedPosition });

async function copy(tx: Transaction, table: Table, rows: readonly Row[], into: string): Promise<void> {
  const columns = Object.keys(table.columns);
  await tx.copyIn(
    into,
    columns,
    rows.map((row) => valuesOf(table, columns, row)),
  );
}
