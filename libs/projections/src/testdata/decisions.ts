import { STREAMS } from '#contracts';
import type { AppendItem, NewEvent, RecordedEvent } from '#event-log';
import { day, order, subject, touchpoint } from './touchpoints.js';
import { seededRandom, shuffled } from './world.js';

const TYPES = {
  merge: 'customers-merged',
  unmerge: 'customers-unmerged',
  'keep-apart': 'customers-kept-apart',
  lift: 'keep-apart-lifted',
} as const;

export type Decided = keyof typeof TYPES;

let counter = 0;

/** What an operator decides about two sides, as it is appended. `decisionId`: that of the decision which is lifted. */
export function decision(
  what: Decided,
  one: readonly string[],
  other: readonly string[],
  at: number,
  decisionId = (++counter).toString(16).padStart(32, '0'),
): AppendItem & { readonly decisionId: string } {
  const event: NewEvent = {
    ...{ source: 'perennial/identity', id: `decision-${what}-${decisionId}`, type: TYPES[what], schemaVersion: 1 },
    ...{ occurredAt: at, contentHash: Buffer.alloc(16, counter), meta: JSON.stringify({ by: 'local' }) },
    data: JSON.stringify({ decisionId, one, other }),
  };
  return { stream: STREAMS.identity, event, decisionId };
}

/** The same as a log gives it. */
export function decided(
  what: Decided,
  one: readonly string[],
  other: readonly string[],
  position: number,
  at: number,
  decisionId?: string,
): RecordedEvent {
  const { stream, event } = decision(what, one, other, at, decisionId);
  const { contentHash: _, ...rest } = event;
  return { ...rest, stream, position, revision: position, recordedAt: at };
}

/**
 * The items of a world with customers who show a loyalty card and nothing else, and what operators decide: cards are merged with users, some merges are
 * undone, users are parted from their browsers, and some of that is lifted. Decisions stand at random places of the log, behind an event of each subject.
 */
export function withDecisions(items: readonly AppendItem[], seed: number, customers: number, at: number): AppendItem[] {
  const random = seededRandom(seed);
  const cards = Array.from({ length: customers }, (_, n) => [
    touchpoint({ who: { loyaltyCard: `card-${n}` }, at: day(1 + n), type: 'store-visited', id: `card-${n}-visit` }),
    order({ loyaltyCard: `card-${n}` }, day(2 + n * 7), `card-${n}`, 1_000 + n),
  ]).flat();
  const out = shuffled([...items, ...cards], seed);
  const insert = (item: AppendItem, from: number): number => {
    const place = from + Math.floor(random() * (out.length - from + 1));
    out.splice(place, 0, item);
    return place + 1;
  };
  const known = (...subjectIds: readonly string[]): number | null => {
    const first = subjectIds.map((id) => out.findIndex(({ event }) => event.meta.includes(id)));
    return first.includes(-1) ? null : Math.max(...first) + 1;
  };
  for (let n = 0; n < customers; n += 1) {
    const [card, user, browser] = [
      subject('loyaltyCard', `card-${n}`),
      subject('userId', `user-${n}`),
      subject('anonymousId', `browser-${n}`),
    ];
    const since = known(card, user);
    if (since === null) continue;
    const merged = insert(decision('merge', [card], [user], at), since);
    const undone = n % 2 === 0 ? insert(decision('unmerge', [user], [card], at), merged) : 0;
    // Decided again the other way: rejected while the two are kept apart.
    if (n % 4 === 0) insert(decision('merge', [user], [card], at), undone);
    const both = known(user, browser);
    if (n % 3 !== 0 || both === null) continue;
    const parted = decision('unmerge', [user], [browser], at);
    const place = insert(parted, both);
    if (n % 2 === 1) insert(decision('lift', [user], [browser], at, parted.decisionId), place);
  }
  return out;
}
