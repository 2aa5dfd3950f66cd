import type { Transaction, Row } from '../database.js';
import type { PageFacts } from '../indexing/page-facts.js';
import { linkRow, resolve, subjectRow, type LinkRow, type SubjectRow } from '../links/projection.js';
import { LINKS, SUBJECTS } from '../links/table.js';
import { instantText, unnest, valuesOf } from '../rows.js';
import type { Table } from '../table.js';
import { erasureOf } from './components.js';
import type { LinksSeen } from './links-seen.js';

/**
 * Subjects and links as a scan of a log too large to be held sees them, before they are made unique. Dropped when the scan is over.
 * Never unlogged: what is not logged is emptied after a kill, while the build goes on from where it was.
 */
export const SEEN_TABLES = /* sql */ `
  CREATE TABLE IF NOT EXISTS subjects_seen (LIKE subjects);
  CREATE TABLE IF NOT EXISTS links_seen (LIKE links);
  CREATE TABLE IF NOT EXISTS erasures_seen (subject_id text NOT NULL, erased_at timestamptz(3) NOT NULL);`;

export const DROP_SEEN_TABLES = 'DROP TABLE IF EXISTS subjects_seen, links_seen, erasures_seen;';

/** Writes down what a stretch of the log showed. */
export async function writeSeen(tx: Transaction, facts: PageFacts, links: LinksSeen): Promise<void> {
  await copy(tx, SUBJECTS, [...facts.subjects.values()].map(subjectRow), 'subjects_seen');
  await copy(tx, LINKS, links.kept.map(linkRow), 'links_seen');
  const erased = facts.erasures.map(erasureOf);
  await tx.copyIn(
    'erasures_seen',
    ['subject_id', 'erased_at'],
    erased.flatMap(({ subjectIds, at }) => subjectIds.map((subjectId) => [subjectId, instantText(at)])),
  );
}

/** The steps of `joinSeen`, in their order: each may take minutes where a log is large. */
export const JOIN_STEPS = ['links', 'linked subjects', 'components', 'subjects', 'refusals', 'indexes'] as const;

/**
 * Makes links and subjects of what was seen, and finds out who belongs together; returns how many customers there are. A subject is
 * written once, with her customer: to change a row afterwards would cost as much again, and leave a dead one behind.
 *
 * @param onStep told before each step how many of `JOIN_STEPS` are done
 */
export async function joinSeen(tx: Transaction, onStep: (done: number) => void): Promise<number> {
  onStep(0);
  await tx.exec(`
    CREATE INDEX ON links_seen (a, b, position);
    INSERT INTO links
    SELECT * FROM links_seen l WHERE NOT EXISTS (
      SELECT 1 FROM links_seen p WHERE p.a = l.a AND p.b = l.b AND p.position < l.position
         AND (p.occurred_at, p.source, p.event_id) <= (l.occurred_at, l.source, l.event_id));
    ANALYZE links; ANALYZE subjects_seen;`);
  onStep(1);
  // Only those who are linked at all: the others are customers of their own.
  const subjects = await tx.query<SubjectRow>(
    `SELECT DISTINCT ON (s.subject_id) s.subject_id, s.namespace, s.subject_id AS customer_id, s.first_position
       FROM subjects_seen s JOIN (SELECT a AS subject_id FROM links UNION SELECT b FROM links) l USING (subject_id)
      ORDER BY s.subject_id, s.first_position`,
  );
  const links = await tx.query<LinkRow>('SELECT DISTINCT ON (a, b) * FROM links ORDER BY a, b, position DESC');
  onStep(2);
  const { customerOf, refusals } = resolve(subjects, links);
  const joined = [...customerOf].filter(([subjectId, customerId]) => subjectId !== customerId);
  onStep(3);
  await tx.exec(
    'CREATE TABLE joined_seen (subject_id text COLLATE "C" NOT NULL, customer_id text COLLATE "C" NOT NULL)',
  );
  await tx.copyIn('joined_seen', ['subject_id', 'customer_id'], joined);
  await tx.exec(`
    ANALYZE joined_seen;
    DROP INDEX IF EXISTS subjects_by_customer;
    INSERT INTO subjects
    SELECT DISTINCT ON (s.subject_id) s.subject_id, s.namespace, coalesce(j.customer_id, s.subject_id), s.first_position,
           min(s.first_seen_at) OVER (PARTITION BY s.subject_id),
           CASE WHEN e.erased_at IS NULL THEN s.sealed END, e.erased_at
      FROM subjects_seen s
      LEFT JOIN joined_seen j USING (subject_id)
      LEFT JOIN (SELECT subject_id, max(erased_at) AS erased_at FROM erasures_seen GROUP BY subject_id) e USING (subject_id)
     ORDER BY s.subject_id, s.first_position;
    DROP TABLE joined_seen;
    ${DROP_SEEN_TABLES}`);
  onStep(4);
  await writeRefused(tx, links, refusals);
  onStep(5);
  await tx.exec('CREATE INDEX subjects_by_customer ON subjects (customer_id, subject_id); ANALYZE subjects;');
  const [count] = await tx.query<{ n: number }>('SELECT count(DISTINCT customer_id)::int AS n FROM subjects');
  return count?.n ?? 0;
}

async function writeRefused(
  tx: Transaction,
  links: readonly LinkRow[],
  refusals: ReadonlyMap<string, string>,
): Promise<void> {
  const verdicts: Row[] = [];
  for (const link of links) {
    const refused = refusals.get(`${link.a} ${link.b}`);
    if (refused !== undefined) verdicts.push({ a: link.a, b: link.b, position: link.position, refused });
  }
  if (verdicts.length === 0) return;
  const rows = unnest(LINKS, ['a', 'b', 'position', 'refused'], verdicts, 'v');
  await tx.query(
    `UPDATE links l SET refused = v.refused FROM ${rows.sql} WHERE l.a = v.a AND l.b = v.b AND l.position = v.position`,
    rows.params,
  );
}

async function copy(tx: Transaction, table: Table, rows: readonly Row[], into: string): Promise<void> {
  const columns = Object.keys(table.columns);
  await tx.copyIn(
    into,
    columns,
    rows.map((row) => valuesOf(table, columns, row)),
  );
}
