import type { RecordedEvent } from '#event-log';
import type { Row } from '#database';
import { erasureOf, type LinkFact, type SubjectFact } from '../../indexing/page-facts.js';
import { recordedSides } from '../../read-models/links/decisions.js';
import { kindOf, resolve, subjectRow } from '../../read-models/links/projection.js';
import { SUBJECTS } from '../../read-models/links/table.js';
import { sortedByKey } from '#database';
import type { LinksSeen } from './links-seen.js';
import { seenLinkRow } from './seen-tables.js';

/** A customer, and all subjects of the component, sorted. */
export interface Customer {
  readonly customerId: string;
  readonly subjectIds: readonly string[];
}

/** The resolved customers, as rows ready to be written. */
export interface Components {
  readonly subjects: readonly Row[];
  readonly links: readonly Row[];
  /** In the order of their ids. */
  readonly customers: Customer[];
}

/** Resolves the customers of a log whose subjects and links are all in memory. The rows equal those of `joinSeen`. */
export function joinInMemory(
  facts: ReadonlyMap<string, SubjectFact>,
  seen: LinksSeen,
  erasures: readonly RecordedEvent[],
  decisions: readonly RecordedEvent[],
): Components {
  const subjects = new Map<string, Row>();
  for (const fact of facts.values()) subjects.set(fact.subjectId, subjectRow(fact));
  for (const { subjectIds, at } of erasures.map(erasureOf))
    for (const subjectId of subjectIds) {
      const row = subjects.get(subjectId);
      if (row === undefined) continue;
      row['sealed'] = null;
      row['erased_at'] = Math.min((row['erased_at'] as number | null) ?? Infinity, at);
    }
  const counting = [...seen.earliest];
  const linked = new Set(counting.flatMap(({ a, b }) => [a, b]));
  const { customerOf, rejections } = resolve(
    [...linked].flatMap((subjectId) => {
      const fact = facts.get(subjectId);
      const { namespace, firstPosition } = fact ?? { namespace: '', firstPosition: 0 };
      if (fact === undefined) return [];
      return [{ subject_id: subjectId, namespace, customer_id: subjectId, first_position: firstPosition }];
    }),
    counting.map((link) => ({
      a: link.a,
      b: link.b,
      occurred_at: link.occurredAt,
      source: link.source,
      event_id: link.id,
      origin: link.origin,
      rejected: null,
      position: link.position,
    })),
    recordedSides(decisions),
  );
  for (const [subjectId, customerId] of customerOf) {
    const row = subjects.get(subjectId);
    if (row !== undefined) row['customer_id'] = customerId;
  }
  const rejectionOf = (link: LinkFact): string | null => rejections.get(kindOf(link)) ?? null;
  const counts = new Set(counting);
  const sorted = sortedByKey(SUBJECTS, [...subjects.values()]);
  return {
    subjects: sorted,
    links: seen.kept.map((link) => ({ ...seenLinkRow(link), rejected: counts.has(link) ? rejectionOf(link) : null })),
    customers: customersOf(sorted),
  };
}

/** `subjects` are sorted by their ids. */
function customersOf(subjects: readonly Row[]): Customer[] {
  const members = new Map<string, string[]>();
  for (const row of subjects) {
    const customerId = row['customer_id'] as string;
    const list = members.get(customerId);
    if (list === undefined) members.set(customerId, [row['subject_id'] as string]);
    else list.push(row['subject_id'] as string);
  }
  return [...members]
    .map(([customerId, subjectIds]) => ({ customerId, subjectIds }))
    .sort((x, y) => (x.customerId < y.customerId ? -1 : 1));
}
