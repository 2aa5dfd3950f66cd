import type { Transaction } from '#database';
import type { RecordedEvent } from '#event-log';
import { compareEvents, eventsDuring, membershipsOf, type LifecycleEvent, type PolicyTimeline } from '#lifecycle';
import { allAfter, inOrder, isAfter, type FoldState } from '../folding/fold-one.js';
import { readTouchpoints } from '../folding/load.js';
import { stateFits } from '../folding/read-events.js';
import type { ProjectionContext } from '../read-models/read-model-store.js';
import type { KnownAccount } from './load-accounts.js';

/** The touchpoints that an account is to be folded with, sorted, on top of a state or from the beginning. */
export interface AccountEvents {
  readonly base: FoldState | null;
  readonly events: readonly LifecycleEvent[];
}

/** The touchpoints of an account, or why they cannot be read. */
type Read = AccountEvents | { readonly error: unknown };

interface Reading {
  readonly tx: Transaction;
  readonly position: number;
  readonly context: ProjectionContext;
}

/**
 * Reads what each account is folded with: what came since its state where that still holds, else everything that its members did while members. One
 * reading of the log for all whole histories, one for all that goes on.
 */
export async function accountEvents(
  accounts: readonly KnownAccount[],
  policies: PolicyTimeline,
  reading: Reading,
): Promise<Map<KnownAccount, Read>> {
  const found = new Map<KnownAccount, Read>();
  const whole: KnownAccount[] = [];
  const onTop: { readonly account: KnownAccount; readonly base: FoldState }[] = [];
  for (const account of accounts) {
    const base = account.newest;
    if (base !== null && stateFits(base, policies) && !joinedOrLeftBefore(account, base)) onTop.push({ account, base });
    else whole.push(account);
  }
  if (onTop.length > 0) {
    const after = Math.min(...onTop.map(({ base }) => base.position));
    const tails = await read(
      reading,
      onTop.flatMap(({ account, base }) => subjectsOf(account, base, false)),
      after,
    );
    // Of those who joined since, what they did before counts as well, from joining on.
    const before = await read(
      reading,
      onTop.flatMap(({ account, base }) => subjectsOf(account, base, true)),
      0,
    );
    for (const { account, base } of onTop) {
      const of = (subjectId: string) => before.get(subjectId) ?? tails.get(subjectId) ?? [];
      const since = attempt(() => ({
        base,
        events: eventsOf(account, of).filter((event) => event.position > base.position || isAfter(event, base)),
      }));
      if ('error' in since || allAfter(since.events, base)) found.set(account, since);
      else whole.push(account);
    }
  }
  const all = await read(
    reading,
    whole.flatMap(({ members }) => members.flatMap(({ subjectIds }) => subjectIds)),
    0,
  );
  for (const account of whole)
    found.set(
      account,
      attempt(() => ({ base: null, events: eventsOf(account, (subjectId) => all.get(subjectId) ?? []) })),
    );
  return found;
}

/** Whether a change of a membership became known since the state, and concerns what is in it. */
function joinedOrLeftBefore({ members }: KnownAccount, base: FoldState): boolean {
  return members.some(({ changes }) =>
    changes.some(({ position, occurredAt }) => position > base.position && occurredAt <= base.uptoAt),
  );
}

/** The subjects of the members whose memberships changed since the state, or those of the others. */
function subjectsOf({ members }: KnownAccount, base: FoldState, changed: boolean): string[] {
  return members
    .filter(({ changes }) => changes.some(({ position }) => position > base.position) === changed)
    .flatMap(({ subjectIds }) => subjectIds);
}

/** What the members did while members, also in the future. */
function eventsOf({ members }: KnownAccount, of: (subjectId: string) => readonly RecordedEvent[]): LifecycleEvent[] {
  const events = members.flatMap(({ subjectIds, changes }) =>
    eventsDuring(inOrder(subjectIds.flatMap(of)), membershipsOf(changes, Infinity)),
  );
  return events.sort(compareEvents);
}

async function read(
  { tx, position: upTo, context: { log, ids, times } }: Reading,
  subjectIds: readonly string[],
  after: number,
): Promise<Map<string, RecordedEvent[]>> {
  if (subjectIds.length === 0) return new Map();
  const range = { ...(after > 0 ? { after } : {}), upTo };
  return times.of('read', () => readTouchpoints(log, [...new Set(subjectIds)], range, ids === null ? null : tx));
}

function attempt<T extends object>(work: () => T): T | { readonly error: unknown } {
  try {
    return work();
  } catch (error) {
    return { error };
  }
}
