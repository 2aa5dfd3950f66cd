import type { EventLog, RecordedEvent } from '#event-log';
import type { Key } from '../running/cursor.js';
import { reject } from '../running/query-rejected.js';

/** How the events of some streams are put into one order, and where in it a page begins and ends. */
export interface Order {
  /** What the order goes by first: a number of each event that (nearly) grows along its stream. */
  readonly keyOf: (event: RecordedEvent) => number;
  readonly compare: (a: RecordedEvent, b: RecordedEvent) => number;
  /** True where the key grows along each stream without exception: then no look-back for late events is needed. */
  readonly strict: boolean;
  /** Events beyond this key belong to no page. */
  readonly until?: number;
  /** Leaves events out. */
  readonly wanted?: (event: RecordedEvent) => boolean;
}

/** A page of events, and the key from which the next one goes on; null at the end. */
export interface OrderedPage {
  readonly events: readonly RecordedEvent[];
  readonly next: Key | null;
  /** The key after which a page begins that goes on behind one of these events. */
  readonly keyAfter: (event: RecordedEvent) => Key;
}

/** One stream that is being read: how far, and what it can still bring. */
interface Reading {
  readonly stream: string;
  /** The revision to read next. */
  revision: number;
  /** The highest key read so far. What comes after may lie below it by as much as something ever came late. */
  highest: number;
  ended: boolean;
}

const LIGHT_PAGE = 1_000;

/**
 * One page of what several streams hold, in one order, for a cost that the page bounds and not the history: each stream is read from where the
 * last page left it (the key carries its revision), and an event is given as soon as no stream can bring an earlier one any more.
 *
 * The streams are in the order of recording, which is the wanted one but for what came late. How late at most, the first page finds
 * out where it does not reach the end: it looks once over the streams without their data, and the key carries the answer on.
 * @throws QueryRejected where the key does not belong to these streams.
 */
export async function pageInOrder(
  log: Pick<EventLog, 'read'>,
  streams: readonly string[],
  order: Order,
  { after, upTo, limit }: { readonly after: Key | null; readonly upTo: number; readonly limit: number },
): Promise<OrderedPage> {
  const from = after === null ? null : placeOf(after, streams);
  const readings = streams.map((stream, at): Reading => {
    const revision = from?.revisions[at] ?? 0;
    return { stream, revision, highest: -Infinity, ended: false };
  });
  const size = Math.max(16, Math.ceil((limit + 2) / Math.max(1, streams.length)));
  const held: RecordedEvent[] = [];
  let late = order.strict ? 0 : (from?.late ?? null);

  const readOn = async (reading: Reading): Promise<void> => {
    const page = await firstPage(log, reading, upTo, size);
    for (const event of page) {
      held.push(event);
      reading.highest = Math.max(reading.highest, order.keyOf(event));
    }
    reading.revision += page.length;
    reading.ended = page.length < size;
  };
  await Promise.all(readings.map(readOn));

  for (;;) {
    const open = readings.filter(({ ended }) => !ended);
    if (open.length > 0) late ??= await latest(log, streams, order, upTo);
    // Below this no unread event can stand; in a strict order none at it either.
    const sure = Math.min(...open.map(({ highest }) => highest - (late ?? 0)));
    held.sort(order.compare);
    const began = from === null ? 0 : held.findIndex(({ position }) => position === from.position) + 1;
    const found = from === null || began > 0;
    const given = found
      ? held
          .slice(began)
          .filter((event) => order.keyOf(event) < sure || (order.strict && order.keyOf(event) === sure))
          .filter((event) => order.keyOf(event) <= (order.until ?? Infinity) && (order.wanted?.(event) ?? true))
      : [];
    const ended = open.length === 0 || (found && sure > (order.until ?? Infinity));
    if (given.length > limit || ended) {
      if (!found) throw gone();
      const events = given.slice(0, limit);
      const last = events.at(-1);
      const keyAfter = (event: RecordedEvent): Key =>
        keyOf({ position: event.position, late, revisions: goOn(streams, held, order, event, readings) });
      return { events, next: given.length <= limit || last === undefined ? null : keyAfter(last), keyAfter };
    }
    const slowest = open.reduce((a, b) => (b.highest < a.highest ? b : a));
    await readOn(slowest);
  }
}

/** Where each stream goes on: from its first event whose key reaches that of the last one given; all before it lie below. */
function goOn(
  streams: readonly string[],
  held: readonly RecordedEvent[],
  order: Order,
  last: RecordedEvent,
  readings: readonly Reading[],
): number[] {
  const reached = order.keyOf(last);
  return streams.map((stream, at) => {
    const first = held.reduce(
      (lowest, event) =>
        event.stream === stream && order.keyOf(event) >= reached ? Math.min(lowest, event.revision) : lowest,
      Infinity,
    );
    return Number.isFinite(first) ? first : (readings[at]?.revision ?? 0);
  });
}

/** By how much the key of an event at most lies below that of one before it in its stream. */
async function latest(
  log: Pick<EventLog, 'read'>,
  streams: readonly string[],
  order: Order,
  upTo: number,
): Promise<number> {
  let late = 0;
  for (const stream of streams) {
    let highest = -Infinity;
    for await (const page of log.read(stream, 0, { pageSize: LIGHT_PAGE, upTo, without: 'data' }))
      for (const event of page) {
        const key = order.keyOf(event);
        if (key >= highest) highest = key;
        else late = Math.max(late, highest - key);
      }
  }
  return late;
}

async function firstPage(
  log: Pick<EventLog, 'read'>,
  { stream, revision }: Reading,
  upTo: number,
  pageSize: number,
): Promise<readonly RecordedEvent[]> {
  for await (const page of log.read(stream, revision, { pageSize, upTo })) return page;
  return [];
}

interface Place {
  /** Of the last event given. */
  readonly position: number;
  /** Null where no page had to know it yet. */
  readonly late: number | null;
  readonly revisions: readonly number[];
}

const UNKNOWN = -1;

const keyOf = ({ position, late, revisions }: Place): Key => [position, late ?? UNKNOWN, ...revisions];

function placeOf(key: Key, streams: readonly string[]): Place {
  // A cursor is no signature: its content is checked, not trusted.
  const [position = NaN, late = NaN, ...revisions] = key.map(Number);
  const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (revisions.length !== streams.length || !isWhole(position) || !isWhole(late + 1) || !revisions.every(isWhole))
    throw gone();
  return { position, late: late === UNKNOWN ? null : late, revisions };
}

/** The log only grows, but a merge may be undone between two pages. */
const gone = () =>
  reject('cursor', 'the event at which the page before ended is theirs no more', 'Begin again without cursor.');
