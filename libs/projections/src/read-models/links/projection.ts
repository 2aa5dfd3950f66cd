import { insertRows, arrayText, sortedByKey, unnest, Writes } from '#database';
import type { Row, Statement, Transaction, Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import {
  compareLinks,
  RESOLUTION_RULES,
  resolveCustomers,
  type CustomerLink,
  type KeepApart,
  type KnownSubject,
  type LinkPlace,
} from '#lifecycle';
import type { LinkFact, PageFacts, SubjectFact } from '../../indexing/page-facts.js';
import { inLogOrder, recordDecision, revokeLinks, sidesOf, subjectsOfDecision } from './decisions.js';
import { LINKS, SUBJECTS } from './table.js';

/** The subjects of a page after the page was stored. */
export interface SubjectsKnown {
  /** The customer of each subject on the page, after the page's links. */
  readonly customerOf: ReadonlyMap<string, string>;
  /** Customers that gained or lost a subject, and which of both: their earlier folds no longer hold. */
  readonly moved: ReadonlyMap<string, Moved>;
  /** Subjects seen for the first time. */
  readonly fresh: ReadonlySet<string>;
}

/** Whether a customer was merged with another, or lost subjects to one. */
export type Moved = 'merge' | 'unmerge';

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
  readonly origin: LinkFact['origin'];
}

/** Stores subjects and links, and merges and splits customers as all links known then require. The same page again changes nothing. */
export async function recordSubjects(
  tx: Transaction,
  writes: Writes,
  { subjects, links, decisions }: Pick<PageFacts, 'subjects' | 'links' | 'decisions'>,
): Promise<SubjectsKnown> {
  const customerOf = new Map<string, string>();
  const [known = [], pairs = []] = (await tx.batch([
    {
      sql: 'SELECT subject_id, customer_id, first_seen_at FROM subjects WHERE subject_id = ANY($1::text[])',
      params: [arrayText([...subjects.keys()])],
    },
    ...(links.length === 0 || decisions.length > 0 ? [] : [earliestOfPairs(links)]),
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
  const seeds =
    decisions.length === 0
      ? await recordLinks(writes, links, pairs)
      : await recordLinksAndDecisions(tx, writes, links, decisions);
  // Customers are derived from the tables: the pending writes must be in them.
  if (seeds.length > 0) await writes.send(tx);
  const moved = seeds.length === 0 ? new Map<string, Moved>() : await relink(tx, seeds, customerOf);
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
    origin: link.origin,
    rejected: null,
    position: link.position,
    revoked_position: null,
  };
}

/** Links and decisions one after the other, as the log has them: an unmerge revokes what was known before it. Rare. */
async function recordLinksAndDecisions(
  tx: Transaction,
  writes: Writes,
  links: readonly LinkFact[],
  decisions: readonly RecordedEvent[],
): Promise<string[]> {
  const seeds = new Set<string>();
  for (const stretch of inLogOrder(links, decisions)) {
    if (stretch.links.length > 0) {
      await writes.send(tx);
      const [pairs = []] = (await tx.batch([earliestOfPairs(stretch.links)])) as [PairRow[]];
      for (const seed of await recordLinks(writes, stretch.links, pairs)) seeds.add(seed);
    }
    if (stretch.decision === null) continue;
    await revokeLinks(writes, stretch.decision);
    await recordDecision(writes, stretch.decision);
    for (const seed of subjectsOfDecision(stretch.decision)) seeds.add(seed);
  }
  return [...seeds];
}

/** Selects the earliest known link of each pair and origin. */
function earliestOfPairs(links: readonly LinkFact[]): Statement {
  const pairs = new Map<string, Row>();
  for (const { a, b } of links) pairs.set(pairOf({ a, b }), { a, b });
  const source = unnest(LINKS, ['a', 'b'], [...pairs.values()], 'p');
  return {
    sql: `SELECT DISTINCT ON (l.a, l.b, l.origin) l.a, l.b, l.occurred_at, l.source, l.event_id, l.origin
            FROM links l JOIN ${source.sql} ON l.a = p.a AND l.b = p.b WHERE l.revoked_position IS NULL
           ORDER BY l.a, l.b, l.origin, l.position DESC`,
    params: source.params,
  };
}

/** Stores the links that count; returns the subjects that they name. */
async function recordLinks(writes: Writer, links: readonly LinkFact[], known: readonly PairRow[]): Promise<string[]> {
  const before = known.map((row) => ({ ...row, occurredAt: row.occurred_at, id: row.event_id }));
  const kept = linksThatCount(links, before);
  await forgetRejections(writes, kept, before);
  await insertRows(writes, LINKS, kept.map(linkRow));
  return [...new Set(kept.flatMap(({ a, b }) => [a, b]))];
}

/** A link that an earlier one takes the place of counts no longer: it is not listed as rejected any more. */
async function forgetRejections(writes: Writer, kept: readonly LinkFact[], before: readonly LinkOf[]): Promise<void> {
  const known = new Set(before.map(kindOf));
  const replaced = kept.filter((link) => known.has(kindOf(link)));
  if (replaced.length === 0) return;
  const rows = unnest(LINKS, ['a', 'b', 'origin'], replaced.map(linkRow), 'k');
  await writes.query(
    `UPDATE links l SET rejected = NULL FROM ${rows.sql}
      WHERE l.a = k.a AND l.b = k.b AND l.origin = k.origin AND l.rejected IS NOT NULL`,
    rows.params,
  );
}

type LinkOf = LinkPlace & Pick<LinkFact, 'origin'>;

/**
 * Of `links` those that are earlier, in the order of links, than all links of their pair and origin before them. `known`: the earliest known
 * link of each.
 */
export function linksThatCount(links: readonly LinkFact[], known: readonly LinkOf[]): LinkFact[] {
  const earliest = new Map<string, LinkPlace>(known.map((link) => [kindOf(link), link]));
  return links.filter((link) => {
    const pair = kindOf(link);
    const before = earliest.get(pair);
    if (before !== undefined && compareLinks(link, before) >= 0) return false;
    earliest.set(pair, link);
    return true;
  });
}

function pairOf({ a, b }: { readonly a: string; readonly b: string }): string {
  return `${a} ${b}`;
}

/** What counts once: the links of a pair that are of one origin. */
export function kindOf({ a, b, origin }: Pick<LinkFact, 'a' | 'b' | 'origin'>): string {
  return `${a} ${b} ${origin}`;
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
 * with an earlier instant may reverse a rejection. Revoked links lead nowhere. Writes what changed; returns the customers that gained or lost a subject.
 */
export async function relink(
  tx: Transaction,
  seeds: readonly string[],
  customerOf: Map<string, string>,
): Promise<Map<string, Moved>> {
  let reach = new Set(seeds);
  for (;;) {
    const params = [arrayText([...reach])];
    const [subjects = [], links = [], apart = []] = (await tx.batch([
      {
        sql: `SELECT subject_id, namespace, customer_id, first_position FROM subjects WHERE customer_id IN
                (SELECT customer_id FROM subjects WHERE subject_id = ANY($1::text[]))`,
        params,
      },
      {
        sql: `WITH theirs AS (
                SELECT ARRAY(SELECT subject_id FROM subjects WHERE customer_id IN
                  (SELECT customer_id FROM subjects WHERE subject_id = ANY($1::text[]))) AS ids)
              SELECT DISTINCT ON (a, b, origin) a, b, occurred_at, source, event_id, origin, rejected, position FROM (
                SELECT * FROM links WHERE a = ANY((SELECT ids FROM theirs)::text[]) UNION ALL
                SELECT * FROM links WHERE b = ANY((SELECT ids FROM theirs)::text[])) l
               WHERE revoked_position IS NULL ORDER BY a, b, origin, position DESC`,
        params,
      },
      {
        // Nearly always the table is empty, and nothing is joined.
        sql: `SELECT subject_id, decision_id, side FROM kept_apart WHERE NOT lifted AND subject_id IN (
                SELECT subject_id FROM subjects WHERE customer_id IN
                  (SELECT customer_id FROM subjects WHERE subject_id = ANY($1::text[])))`,
        params,
      },
    ])) as [SubjectRow[], LinkRow[], Row[]];
    const reached = new Set(subjects.map((row) => row.subject_id));
    for (const link of links) reached.add(link.a).add(link.b);
    // A decision may name a subject that no touchpoint has: then nothing more is found.
    if (reached.size > subjects.length && reached.size > reach.size) {
      reach = reached;
      continue;
    }
    return writeComponents(tx, { subjects, links, apart }, customerOf);
  }
}

async function writeComponents(
  tx: Transaction,
  {
    subjects,
    links,
    apart,
  }: { readonly subjects: readonly SubjectRow[]; readonly links: readonly LinkRow[]; readonly apart: readonly Row[] },
  customerOf: Map<string, string>,
): Promise<Map<string, Moved>> {
  const { customerOf: resolved, rejections } = resolve(subjects, links, sidesOf(apart));
  const before = new Set(subjects.map((row) => row.customer_id));
  const moved = new Map<string, Moved>();
  // A customer who gained a subject, or is no more, was merged; one who lost some and goes on, or is there again, was unmerged.
  const move = (customerId: string, how: Moved): void => {
    if (how === 'merge' || !moved.has(customerId)) moved.set(customerId, how);
  };
  const changes: Row[] = [];
  for (const row of subjects) {
    const customerId = resolved.get(row.subject_id) ?? row.subject_id;
    if (customerId === row.customer_id) continue;
    move(customerId, before.has(customerId) ? 'merge' : 'unmerge');
    move(row.customer_id, resolved.get(row.customer_id) === row.customer_id ? 'unmerge' : 'merge');
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
    const rejected = rejections.get(kindOf(link)) ?? null;
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

/** The customer of each subject, and the reason of each rejected link (`a b origin`). */
export function resolve(
  subjects: readonly SubjectRow[],
  links: readonly LinkRow[],
  keepApart: readonly KeepApart[],
): { readonly customerOf: ReadonlyMap<string, string>; readonly rejections: ReadonlyMap<string, string> } {
  const rules = { ...RESOLUTION_RULES, keepApart };
  const { customerOf, rejected } = resolveCustomers(subjects.map(knownSubject), links.map(knownLink), rules);
  return { customerOf, rejections: new Map(rejected.map(({ link, reason }) => [kindOf(link), reason])) };
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
