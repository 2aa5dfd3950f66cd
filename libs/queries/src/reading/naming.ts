import { normaliseIdentifier } from '#contracts';
import { NamingEvents, type NamedPerson, type NamingEvent } from '#privacy';
import type { RecordedEvent } from '#event-log';
import type { QueryContext } from '../running/query.js';
import type { Key } from '../running/cursor.js';
import { inReadModels } from './read-models.js';
import type { OrderedPage } from './pages-in-order.js';

/** What a page of events is made of, and where it begins and ends. */
export interface NamingPage {
  readonly after: Key | null;
  readonly upTo: number;
  readonly limit: number;
  /** Reads a page of the person's own streams. */
  readonly own: (after: Key | null, limit: number) => Promise<OrderedPage>;
  /** Leaves events out. */
  readonly wanted: (event: RecordedEvent) => boolean;
}

/** An event with the role in which it names the person: `self` in their own streams. */
export type NamedIn = NamingEvent;

/**
 * A page of all events that name a person, in the order of the log: those of their own streams, and those of others. The key holds the position of the
 * last event, and behind it where the own streams go on.
 */
export async function pageOfNaming(
  context: QueryContext,
  person: NamedPerson,
  { after, upTo, limit, own, wanted }: NamingPage,
): Promise<{ readonly events: readonly NamedIn[]; readonly next: Key | null; readonly complete: boolean }> {
  const naming = namingEvents(context);
  const [last = -1, ...ownKey] = after ?? [];
  const ownAfter = ownKey.length === 0 ? null : ownKey;
  const ownPage = await own(ownAfter, limit + 1);
  // Beyond the last one that was read of their own, nothing is in order yet.
  const known = ownPage.next === null ? upTo : Math.min(upTo, ownPage.events.at(-1)?.position ?? upTo);
  const events: NamedIn[] = ownPage.events.map((event) => ({ event, role: 'self' }));
  let others = 0;
  for await (const one of naming.read(person, { after: Number(last), upTo: known })) {
    if (!wanted(one.event)) continue;
    events.push(one);
    others += 1;
    if (others > limit) break;
  }
  events.sort((a, b) => a.event.position - b.event.position);
  const page = events.slice(0, limit);
  const end = page.at(-1)?.event.position;
  const complete = await naming.areKnown();
  if (events.length <= limit || end === undefined) return { events: page, next: null, complete };
  const lastOwn = ownPage.events.findLast(({ position }) => position <= end);
  return { events: page, next: [end, ...(lastOwn === undefined ? ownKey : ownPage.keyAfter(lastOwn))], complete };
}

/** The events of others that name a person. */
export const namingEvents = ({ database, log, personalData }: QueryContext): NamingEvents =>
  new NamingEvents(database, log, { openUndamaged: (items) => personalData.openToSearch(items) });

/** The person of these subjects, with the identifiers that can be opened: to be searched for, not to be shown. */
export async function personOf(
  context: QueryContext,
  subjectIds: readonly string[],
  named: string | null,
): Promise<NamedPerson> {
  const rows = await inReadModels(context.database, (models) =>
    models.query<{ subjectId: string; namespace: string; sealed: string | null }>(
      'SELECT subject_id AS "subjectId", namespace, sealed FROM subjects WHERE subject_id = ANY($1::text[]) ORDER BY subject_id',
      [subjectIds],
    ),
  );
  const values = await context.personalData.openToSearch(rows);
  const identifiers = rows.flatMap(({ namespace }, at) => {
    const value = values[at] ?? null;
    return value === null ? [] : [{ namespace, value }];
  });
  const colon = named?.indexOf(':') ?? -1;
  if (named !== null) {
    const namespace = named.slice(0, colon);
    identifiers.push({ namespace, value: normaliseIdentifier(namespace, named.slice(colon + 1)) });
  }
  return { subjectIds, identifiers };
}
