import { arrayText, insertRows, sortedByKey, unnest, type Row, type Writer } from '#database';
import type { RecordedEvent } from '#event-log';
import { decisionOf, foldDecisions, sidesKeptApart, type IdentityDecision, type KeepApart } from '#lifecycle';
import type { LinkFact } from '../../indexing/page-facts.js';
import { KEPT_APART, LINKS } from './table.js';

/** Statements of one stretch of the log: links, and then the decision behind them, which is null at the end. */
export interface LinksAndDecision {
  readonly links: readonly LinkFact[];
  readonly decision: RecordedEvent | null;
}

/** Links and decisions in the order of the log: which links a decision revokes depends on it. Both lists are in that order. */
export function* inLogOrder(
  links: readonly LinkFact[],
  decisions: readonly RecordedEvent[],
): Generator<LinksAndDecision> {
  let from = 0;
  for (const decision of decisions) {
    let to = from;
    while (to < links.length && (links[to]?.position ?? Infinity) <= decision.position) to += 1;
    yield { links: links.slice(from, to), decision };
    from = to;
  }
  if (from < links.length) yield { links: links.slice(from), decision: null };
}

/** The pairs of subjects that a decision has on both sides, as links name them. */
export function pairsAcross({ one, other }: Pick<IdentityDecision, 'one' | 'other'>): { a: string; b: string }[] {
  return one.flatMap((x) => other.map((y) => (x < y ? { a: x, b: y } : { a: y, b: x })));
}

/** Writes what a decision keeps apart, or that it does so no longer. The same decision again changes nothing. */
export async function recordDecision(writes: Writer, event: RecordedEvent): Promise<void> {
  const decision = decisionOf(event);
  if (decision === null) {
    const { decisionId } = JSON.parse(event.data) as { readonly decisionId: string };
    await writes.query('UPDATE kept_apart SET lifted = true WHERE decision_id = ANY($1::text[])', [
      arrayText([decisionId]),
    ]);
    return;
  }
  if (decision.kind === 'merge') return;
  const { decisionId, kind, position } = decision;
  const rowOf = (side: string) => (subjectId: string) => ({
    ...{ subject_id: subjectId, decision_id: decisionId, side, kind, position, lifted: false },
  });
  const rows = [...new Set(decision.one)].map(rowOf('one')).concat([...new Set(decision.other)].map(rowOf('other')));
  await insertRows(writes, KEPT_APART, sortedByKey(KEPT_APART, rows), '(subject_id, decision_id, side) DO NOTHING');
}

/** Notes on the stored links which of them an unmerge revokes: those that were known before it. */
export async function revokeLinks(writes: Writer, event: RecordedEvent): Promise<void> {
  const decision = decisionOf(event);
  if (decision?.kind !== 'unmerge') return;
  const pairs = unnest(LINKS, ['a', 'b'], pairsAcross(decision), 'p');
  await writes.query(
    `UPDATE links l SET revoked_position = ${decision.position}, rejected = NULL FROM ${pairs.sql}
      WHERE l.a = p.a AND l.b = p.b AND l.revoked_position IS NULL AND l.position < ${decision.position}`,
    pairs.params,
  );
}

/** The subjects that a decision, or its lifting, names: their customers may change. */
export function subjectsOfDecision({ data }: RecordedEvent): readonly string[] {
  const { one, other } = JSON.parse(data) as Pick<IdentityDecision, 'one' | 'other'>;
  return [...one, ...other];
}

/** The sides that the decisions of a log keep apart. */
export const recordedSides = (events: readonly RecordedEvent[]): readonly KeepApart[] =>
  sidesKeptApart(foldDecisions([], events));

/** The sides that are kept apart, of rows of `kept_apart` that are not lifted. */
export function sidesOf(rows: readonly Row[]): readonly KeepApart[] {
  const sides = new Map<string, { one: string[]; other: string[] }>();
  for (const row of rows) {
    const decisionId = row['decision_id'] as string;
    let decision = sides.get(decisionId);
    if (decision === undefined) sides.set(decisionId, (decision = { one: [], other: [] }));
    decision[row['side'] as 'one' | 'other'].push(row['subject_id'] as string);
  }
  return [...sides.values()];
}
