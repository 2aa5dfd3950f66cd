import { unnest, type Row, type Transaction } from '#database';
import { sidesOf } from '../../read-models/links/decisions.js';
import { kindOf, resolve, type LinkRow, type SubjectRow } from '../../read-models/links/projection.js';
import { LINKS } from '../../read-models/links/table.js';
import { DisjointSets } from './disjoint-sets.js';
import { DROP_SEEN_TABLES } from './seen-tables.js';

/** The steps of `joinSeen`, in their order: each may take minutes when a log is large. */
export const JOIN_STEPS = ['links', 'linked subjects', 'reach', 'components', 'subjects', 'indexes'] as const;

/** So many rows are read and written at once. */
const PAGE = 20_000;

/**
 * Makes links and subjects of what was seen, and resolves the customers; returns how many there are. A subject is written once, with its
 * customer: an update would cost as much again and leave a dead row behind.
 *
 * First the subjects are numbered, and those connected by links, rejected ones included, are put into disjoint sets, which takes four bytes a
 * subject. Then the customers are resolved in batches of whole sets: memory is bounded by the largest set, not by the log.
 *
 * @param onStep receives before each step how many of `JOIN_STEPS` are done
 */
export async function joinSeen(tx: Transaction, onStep: (done: number) => void, page = PAGE): Promise<number> {
  onStep(0);
  await tx.exec(`
    CREATE INDEX ON links_seen (a, b, position);
    UPDATE links_seen l SET revoked_position = r.revoked_position FROM (
      SELECT l.a, l.b, l.position, min(x.position) AS revoked_position
        FROM kept_apart x JOIN kept_apart y ON y.decision_id = x.decision_id AND y.side <> x.side
        JOIN links_seen l ON l.a = x.subject_id AND l.b = y.subject_id AND l.position < x.position
       WHERE x.kind = 'unmerge' GROUP BY l.a, l.b, l.position) r
     WHERE l.a = r.a AND l.b = r.b AND l.position = r.position;
    INSERT INTO links
    SELECT * FROM links_seen l WHERE NOT EXISTS (
      SELECT 1 FROM links_seen p WHERE p.a = l.a AND p.b = l.b AND p.origin = l.origin AND p.position < l.position
         AND (p.revoked_position IS NULL OR p.revoked_position > l.position) AND (p.occurred_at, p.source, p.event_id) <= (l.occurred_at, l.source, l.event_id));
    ANALYZE links; ANALYZE subjects_seen;`);
  onStep(1);
  // Only subjects with links: each other one is a customer of its own.
  await tx.exec(`
    CREATE TABLE linked_seen AS
    SELECT (row_number() OVER (ORDER BY subject_id))::int - 1 AS number, * FROM (
      SELECT DISTINCT ON (s.subject_id) s.subject_id, s.namespace, s.first_position
        FROM subjects_seen s JOIN (SELECT a AS subject_id FROM links UNION SELECT b FROM links) l USING (subject_id)
       ORDER BY s.subject_id, s.first_position) linked;
    ANALYZE linked_seen;`);
  onStep(2);
  await writeReach(tx, page);
  onStep(3);
  await writeJoined(tx, page);
  onStep(4);
  await tx.exec(`
    DROP INDEX IF EXISTS subjects_by_customer;
    INSERT INTO subjects
    SELECT DISTINCT ON (s.subject_id) s.subject_id, s.namespace, coalesce(j.customer_id, s.subject_id), s.first_position,
           min(s.first_seen_at) OVER (PARTITION BY s.subject_id),
           CASE WHEN e.erased_at IS NULL THEN s.sealed END, e.erased_at
      FROM subjects_seen s
      LEFT JOIN joined_seen j USING (subject_id)
      LEFT JOIN (SELECT subject_id, min(erased_at) AS erased_at FROM erasures_seen GROUP BY subject_id) e USING (subject_id)
     ORDER BY s.subject_id, s.first_position;
    DROP TABLE joined_seen;
    ${DROP_SEEN_TABLES}`);
  onStep(5);
  await tx.exec('CREATE INDEX subjects_by_customer ON subjects (customer_id, subject_id); ANALYZE subjects;');
  const [count] = await tx.query<{ n: number }>('SELECT count(DISTINCT customer_id)::int AS n FROM subjects');
  return count?.n ?? 0;
}

/** Makes `members_seen` of `linked_seen`: each subject with the root of its set. */
async function writeReach(tx: Transaction, page: number): Promise<void> {
  const [count] = await tx.query<{ n: number }>('SELECT count(*)::int AS n FROM linked_seen');
  const reach = new DisjointSets(count?.n ?? 0);
  const pairs = new Cursor<{ one: number; other: number }>(
    tx,
    'pairs_seen',
    `SELECT x.number AS one, y.number AS other
       FROM links l JOIN linked_seen x ON x.subject_id = l.a JOIN linked_seen y ON y.subject_id = l.b
      WHERE l.revoked_position IS NULL`,
  );
  await pairs.open();
  while (pairs.more) for (const { one, other } of await pairs.next(page)) reach.join(one, other);
  await pairs.close();
  await tx.exec('CREATE TABLE reach_seen (number int NOT NULL, root int NOT NULL)');
  for (let from = 0; from < reach.size; from += page) {
    const numbers = Array.from({ length: Math.min(page, reach.size - from) }, (_, at) => from + at);
    await tx.copyIn(
      'reach_seen',
      ['number', 'root'],
      numbers.map((number) => [number, reach.rootOf(number)]),
    );
  }
  await tx.exec(`
    ANALYZE reach_seen;
    CREATE TABLE members_seen AS
    SELECT root, subject_id, namespace, first_position FROM linked_seen JOIN reach_seen USING (number);
    ANALYZE members_seen;
    DROP TABLE linked_seen, reach_seen;`);
}

interface Member extends SubjectRow {
  readonly root: number;
}

interface Tie extends LinkRow {
  readonly root: number;
}

/** Makes `joined_seen` of `members_seen`: subjects that belong to the customer of another subject. Notes on the links which are rejected. */
async function writeJoined(tx: Transaction, page: number): Promise<void> {
  await tx.exec(
    'CREATE TABLE joined_seen (subject_id text COLLATE "C" NOT NULL, customer_id text COLLATE "C" NOT NULL)',
  );
  const apart = sidesOf(await tx.query('SELECT subject_id, decision_id, side FROM kept_apart WHERE NOT lifted'));
  let rejected: Row[] = [];
  for await (const { members, ties } of batchesOfSets(tx, page)) {
    const { customerOf, rejections } = resolve(members, ties, apart);
    const joined = [...customerOf].filter(([subjectId, customerId]) => subjectId !== customerId);
    await tx.copyIn('joined_seen', ['subject_id', 'customer_id'], joined);
    for (const tie of ties) {
      const { a, b, position } = tie;
      const reason = rejections.get(kindOf(tie));
      if (reason !== undefined) rejected.push({ a, b, position, rejected: reason });
    }
    if (rejected.length > page) {
      await writeRejected(tx, rejected);
      rejected = [];
    }
  }
  await writeRejected(tx, rejected);
  await tx.exec('ANALYZE joined_seen; DROP TABLE members_seen;');
}

/** The sets with the links among their members: many sets at a time, each of them whole. */
async function* batchesOfSets(tx: Transaction, page: number): AsyncGenerator<{ members: Member[]; ties: Tie[] }> {
  const [members, ties]: [Member[], Tie[]] = [[], []];
  const allMembers = new Cursor<Member>(
    tx,
    'members_by_root',
    'SELECT root, subject_id, namespace, subject_id AS customer_id, first_position FROM members_seen ORDER BY root',
  );
  const allTies = new Cursor<Tie>(
    tx,
    'ties_by_root',
    `SELECT m.root, l.a, l.b, l.occurred_at, l.source, l.event_id, l.origin, l.rejected, l.position
       FROM (SELECT DISTINCT ON (a, b, origin) * FROM links WHERE revoked_position IS NULL
              ORDER BY a, b, origin, position DESC) l JOIN members_seen m ON m.subject_id = l.a
      ORDER BY m.root`,
  );
  await allMembers.open();
  await allTies.open();
  while (allMembers.more) {
    members.push(...(await allMembers.next(page)));
    // The last ones may go on in the next page.
    const end = allMembers.more ? (members.at(-1)?.root ?? Infinity) : Infinity;
    while (allTies.more && (ties.at(-1)?.root ?? -1) < end) ties.push(...(await allTies.next(page)));
    yield { members: before(members, end), ties: before(ties, end) };
  }
  await allMembers.close();
  await allTies.close();
}

/** Takes from the front what lies before a root. */
function before<T extends { readonly root: number }>(rows: T[], end: number): T[] {
  const at = rows.findIndex(({ root }) => root >= end);
  return rows.splice(0, at === -1 ? rows.length : at);
}

async function writeRejected(tx: Transaction, rejected: readonly Row[]): Promise<void> {
  if (rejected.length === 0) return;
  const rows = unnest(LINKS, ['a', 'b', 'position', 'rejected'], rejected, 'v');
  await tx.query(
    `UPDATE links l SET rejected = v.rejected FROM ${rows.sql} WHERE l.a = v.a AND l.b = v.b AND l.position = v.position`,
    rows.params,
  );
}

/** The rows of a query that are too many to be held, page by page; within one transaction. */
class Cursor<R extends Row> {
  /** Whether there may be another page. */
  more = true;

  constructor(
    private readonly tx: Transaction,
    private readonly name: string,
    private readonly sql: string,
  ) {}

  async open(): Promise<void> {
    await this.tx.exec(`DECLARE ${this.name} NO SCROLL CURSOR FOR ${this.sql}`);
  }

  async next(rows: number): Promise<R[]> {
    const page = await this.tx.query<R>(`FETCH ${rows} FROM ${this.name}`);
    this.more = page.length === rows;
    return page;
  }

  async close(): Promise<void> {
    await this.tx.exec(`CLOSE ${this.name}`);
  }
}
