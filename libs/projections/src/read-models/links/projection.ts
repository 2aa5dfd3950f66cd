import { insertRows, arrayText, sortedByKey, unnest, Writes } from '#database';
import type { Row, Statement, Transaction, Writer } from '#database';
import {
  compareLinks,
  RESOLUTION_RULES,
  resolveCustomers,
  type CustomerLink,
  type KnownSubject,
  type LinkPlace,
} from '#lifecycle';
import type { LinkFact, SubjectFact } from '../../indexing/page-facts.js';
import { LINKS, SUBJECTS } from './table.js';

/** The subjects of a page after the page was stored. */
export interface SubjectsKnown {
  /** The customer of each subject on the page, after the page's links. */
  readonly customerOf: ReadonlyMap<string, string>;
  /** Customers that gained or lost a subject: their earlier folds no longer hold. */
  readonly moved: ReadonlySet<string>;
  /** Subjects seen for the first time. */
  readonly fresh: ReadonlySet<string>;
}

interface KnownRow extends Row {
  readonly subject_id: string;
  readonly customer_id: string;
  readonly first_seen_at: number;
}

interface PairRow extends Row {
  readonly a: string;
  readonly b: string;
  readonly occurred_at: number;
  readonly source: string;
  readonly event_id: string;
}

/** Stores subjects and links, and merges and splits customers as all links known then require. The same page again changes nothing. */
export async function recordSubjects(
  tx: Transaction,
  writes: Writes,
  subjects: ReadonlyMap<string, SubjectFact>,
  links: readonly LinkFact[],
): Promise<SubjectsKnown> {
  const customerOf = new Map<string, string>();
  const [known = [], pairs = []] = (await tx.batch([
    {
      sql: 'SELECT subject_id, customer_id, first_seen_at FROM subjects WHERE subject_id = ANY($1::text[])',
      params: [arrayText([...subjects.keys()])],
    },
    ...(links.length === 0 ? [] : [earliestOfPairs(links)]),
  ])) as [KnownRow[], PairRow[]];
  const earlier: Row[] = [];
  for (const row of known) {
    customerOf.set(row.subject_id, row.customer_id);
    const fact = subjects.get(row.subject_id);
    if (fact !== undefined && fact.firstSeenAt < row.first_seen_at)
      earlier.push({ subject_id: row.subject_id, first_seen_at: fact.firstSeenAt });
  }
  const fresh: Row[] = [];
  for (const fact of subjects.values()) {
    if (customerOf.has(fact.subjectId)) continue;
    customerOf.set(fact.subjectId, fact.subjectId);
    fresh.push(subjectRow(fact));
  }
  await insertRows(writes, SUBJECTS, sortedByKey(SUBJECTS, fresh));
  if (earlier.length > 0) {
    const rows = unnest(SUBJECTS, ['subject_id', 'first_seen_at'], earlier, 'e');
    await writes.query(
      `UPDATE subjects s SET first_seen_at = e.first_seen_at FROM ${rows.sql} WHERE s.subject_id = e.subject_id`,
      rows.params,
    );
  }
  const seeds = await recordLinks(writes, links, pairs);
  // Customers are derived from the tables: the pending writes must be in them.
  if (seeds.length > 0) await writes.send(tx);
  const moved = seeds.length === 0 ? new Set<string>() : await relink(tx, seeds, customerOf);
  return { customerOf, moved, fresh: new Set(fresh.map((row) => row['subject_id'] as string)) };
}

export function subjectRow(fact: SubjectFact): Row {
  return {
    subject_id: fact.subjectId,
    namespace: fact.namespace,
    customer_id: fact.subjectId,
    first_position: fact.firstPosition,
    first_seen_at: fact.firstSeenAt,
    sealed: fact.sealed,
    erased_at: null,
  };
}

export function linkRow(link: LinkFact): Row {
  return {
    a: link.a,
    b: link.b,
    occurred_at: link.occurredAt,
    recorded_at: link.recordedAt,
    source: link.source,
    event_id: link.id,
    origin: 'touchpoint',
    rejected: null,
    position: link.position,
  };
}

/** Selects the earliest known link of each pair. */
function earliestOfPairs(links: readonly LinkFact[]): Statement {
  const pairs = new Map<string, Row>();
  for (const { a, b } of links) pairs.set(pairOf({ a, b }), { a, b });
  const source = unnest(LINKS, ['a', 'b'], [...pairs.values()], 'p');
  return {
    sql: `SELECT DISTINCT ON (l.a, l.b) l.a, l.b, l.occurred_at, l.source, l.event_id
            FROM links l JOIN ${source.sql} ON l.a = p.a AND l.b = p.b ORDER BY l.a, l.b, l.position DESC`,
    params: source.params,
  };
}

/** Stores the links that count; returns the subjects that they name. */
async function recordLinks(writes: Writer, links: readonly LinkFact[], known: readonly PairRow[]): Promise<string[]> {
  const kept = linksThatCount(
    links,
    known.map((row) => ({ ...row, occurredAt: row.occurred_at, id: row.event_id })),
  );
  await insertRows(writes, LINKS, kept.map(linkRow));
  return [...new Set(kept.flatMap(({ a, b }) => [a, b]))];
}

/** Of `links` those that are earlier, in the order of links, than all links of their pair before them. `known`: the earliest known link of each pair. */
export function linksThatCount(links: readonly LinkFact[], known: readonly LinkPlace[]): LinkFact[] {
  const earliest = new Map<string, LinkPlace>(known.map((link) => [pairOf(link), link]));
  return links.filter((link) => {
    const pair = pairOf(link);
    const before = earliest.get(pair);
    if (before !== undefined && compareLinks(link, before) >= 0) return false;
    earliest.set(pair, link);
    return true;
  });
}

function pairOf({ a, b }: { readonly a: string; readonly b: string }): string {
  return `${a} ${b}`;
}

export interface LinkRow extends Record<string, unknown> {
  a: string;
  b: string;
  occurred_at: number;
  source: string;
  event_id: string;
  origin: CustomerLink['origin'];
  rejected: string | null;
  position: number;
}

export interface SubjectRow extends Record<string, unknown> {
  subject_id: string;
  namespace: string;
  customer_id: string;
  first_position: number;
}

/**
 * Resolves the customers again among all subjects that `seeds` can reach over links, rejected links included: a late link
 * with an earlier instant may reverse a rejection. Writes what changed; returns the customers that gained or lost a subject.
 */
export async function relink(
  tx: Transaction,
  seeds: readonly string[],
  customerOf: Map<string, string>,
): Promise<Set<string>> {
  let reach = new Set(seeds);
  for (;;) {
    const params = [arrayText([...reach])];
    const [subjects = [], links = []] = (await tx.batch([
      {
        sql: `SELECT subject_id, namespace, customer_id, first_position FROM subjects WHERE customer_id IN
                (SELECT customer_id FROM subjects WHERE subject_id = ANY($1::text[]))`,
        params,
      },
      {
        sql: `WITH theirs AS (
                SELECT ARRAY(SELECT subject_id FROM subjects WHERE customer_id IN
                  (SELECT customer_id FROM subjects WHERE subject_id = ANY($1::text[]))) AS ids)
              SELECT DISTINCT ON (a, b) a, b, occurred_at, source, event_id, origin, rejected, position FROM (
                SELECT * FROM links WHERE a = ANY((SELECT ids FROM theirs)::text[]) UNION ALL
                SELECT * FROM links WHERE b = ANY((SELECT ids FROM theirs)::text[])) l ORDER BY a, b, position DESC`,
        params,
      },
    ])) as [SubjectRow[], LinkRow[]];
    const reached = new Set(subjects.map((row) => row.subject_id));
    for (const link of links) reached.add(link.a).add(link.b);
    if (reached.size > subjects.length) {
      reach = reached;
      continue;
    }
    return writeComponents(tx, subjects, links, customerOf);
  }
}

async function writeComponents(
  tx: Transaction,
  subjects: readonly SubjectRow[],
  links: readonly LinkRow[],
  customerOf: Map<string, string>,
): Promise<Set<string>> {
  const { customerOf: resolved, rejections } = resolve(subjects, links);
  const moved = new Set<string>();
  const changes: Row[] = [];
  for (const row of subjects) {
    const customerId = resolved.get(row.subject_id) ?? row.subject_id;
    if (customerId === row.customer_id) continue;
    moved.add(customerId).add(row.customer_id);
    changes.push({ subject_id: row.subject_id, customer_id: customerId });
    customerOf.set(row.subject_id, customerId);
  }
  const writes = new Writes();
  if (changes.length > 0) {
    const rows = unnest(SUBJECTS, ['subject_id', 'customer_id'], sortedByKey(SUBJECTS, changes), 'c');
    await writes.query(
      `UPDATE subjects s SET customer_id = c.customer_id FROM ${rows.sql} WHERE s.subject_id = c.subject_id`,
      rows.params,
    );
  }
  const verdicts: Row[] = [];
  for (const link of links) {
    const rejected = rejections.get(pairOf(link)) ?? null;
    if (rejected !== link.rejected) verdicts.push({ a: link.a, b: link.b, position: link.position, rejected });
  }
  if (verdicts.length > 0) {
    const rows = unnest(LINKS, ['a', 'b', 'position', 'rejected'], verdicts, 'v');
    await writes.query(
      `UPDATE links l SET rejected = v.rejected FROM ${rows.sql} WHERE l.a = v.a AND l.b = v.b AND l.position = v.position`,
      rows.params,
    );
  }
  await writes.send(tx);
  return moved;
}

/** The customer of each subject, and the reason of each rejected pair (`a b`). */
export function resolve(
  subjects: readonly SubjectRow[],
  links: readonly LinkRow[],
): { readonly customerOf: ReadonlyMap<string, string>; readonly rejections: ReadonlyMap<string, string> } {
  const { customerOf, rejected } = resolveCustomers(subjects.map(knownSubject), links.map(knownLink), RESOLUTION_RULES);
  return { customerOf, rejections: new Map(rejected.map(({ link, reason }) => [pairOf(link), reason])) };
}

function knownSubject(row: SubjectRow): KnownSubject {
  return { subjectId: row.subject_id, namespace: row.namespace, firstPosition: row.first_position };
}

function knownLink(row: LinkRow): CustomerLink {
  return {
    a: row.a,
    b: row.b,
    occurredAt: row.occurred_at,
    source: row.source,
    id: row.event_id,
    origin: row.origin,
  };
}

/** The customers of these subjects. */
export async function customersOf(tx: Transaction, subjectIds: readonly string[]): Promise<string[]> {
  if (subjectIds.length === 0) return [];
  const rows = await tx.query<{ customer_id: string }>(
    'SELECT DISTINCT customer_id FROM subjects WHERE subject_id = ANY($1::text[])',
    [arrayText(subjectIds)],
  );
  return rows.map((row) => row.customer_id);
}

/** Removes the sealed values of erased subjects: their keys are destroyed. Of several erasures of a subject the earliest counts. */
export async function markErased(
  writes: Writer,
  erasures: readonly { readonly subjectIds: readonly string[]; readonly at: number }[],
): Promise<void> {
  const earliest = new Map<string, number>();
  for (const { subjectIds, at } of erasures)
    for (const subjectId of subjectIds) earliest.set(subjectId, Math.min(earliest.get(subjectId) ?? Infinity, at));
  if (earliest.size === 0) return;
  const rows: Row[] = [...earliest].map(([subjectId, at]) => ({ subject_id: subjectId, erased_at: at }));
  const erased = unnest(SUBJECTS, ['subject_id', 'erased_at'], rows, 'e');
  await writes.query(
    `UPDATE subjects s SET sealed = NULL, erased_at = least(s.erased_at, e.erased_at) FROM ${erased.sql} WHERE s.subject_id = e.subject_id`,
    erased.params,
  );
}
