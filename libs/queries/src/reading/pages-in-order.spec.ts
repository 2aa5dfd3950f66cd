import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EventLog, ReadOptions, RecordedEvent } from '#event-log';
import { comparePlaces } from '#lifecycle';
import { memoryLog } from '#testing';
import type { Key } from '../running/cursor.js';
import { pageInOrder, type Order } from './pages-in-order.js';

/** As `timeline` puts them; `events` goes by position. */
const AS_THEY_HAPPENED: Order = { keyOf: ({ occurredAt }) => occurredAt, compare: comparePlaces, strict: false };
const AS_RECORDED: Order = {
  keyOf: ({ position }) => position,
  compare: (a, b) => a.position - b.position,
  strict: true,
};

/** A log of streams: each entry is the instant of an event and its stream. */
async function logOf(events: readonly { readonly at: number; readonly stream: string }[]): Promise<EventLog> {
  const log = memoryLog();
  await log.appendMany(
    events.map(({ at, stream }, index) => ({
      stream,
      event: {
        source: 'shop',
        id: `e${index}`,
        type: index % 3 === 0 ? 'order-placed' : 'site-visited',
        schemaVersion: 1,
        occurredAt: at,
        contentHash: Buffer.alloc(16, index),
        meta: '{}',
        data: JSON.stringify({ index }),
      },
    })),
  );
  return log;
}

/** Counts the events that are read, whole and without their data. */
function counting(log: EventLog): {
  readonly log: Pick<EventLog, 'read'>;
  readonly read: { whole: number; light: number };
} {
  const read = { whole: 0, light: 0 };
  return {
    read,
    log: {
      async *read(stream: string, from?: number, options?: ReadOptions) {
        for await (const page of log.read(stream, from, options)) {
          if (options?.without === 'data') read.light += page.length;
          else read.whole += page.length;
          yield page;
        }
      },
    },
  };
}

async function pages(
  log: Pick<EventLog, 'read'>,
  streams: readonly string[],
  order: Order,
  limits: (page: number) => number,
): Promise<RecordedEvent[][]> {
  const all: RecordedEvent[][] = [];
  for (let after: Key | null = null; ;) {
    const { events, next } = await pageInOrder(log, streams, order, { after, upTo: 1e9, limit: limits(all.length) });
    all.push([...events]);
    if (next === null) return all;
    after = next;
  }
}

const histories = fc.array(
  fc.record({ at: fc.nat(60), stream: fc.constantFrom('subject-a', 'subject-b', 'subject-c') }),
  { maxLength: 120 },
);

describe('pages in order', () => {
  it.each([
    ['as they happened', AS_THEY_HAPPENED],
    ['as recorded', AS_RECORDED],
  ])('hold every event once, %s, however late events came and wherever pages end', async (_, order) => {
    await fc.assert(
      fc.asyncProperty(
        histories,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(60), { nil: Infinity }),
        fc.boolean(),
        async (history, limits, until, onlyOrders) => {
          const streams = ['subject-a', 'subject-b', 'subject-c'];
          const log = await logOf(history);
          const wanted = (event: RecordedEvent): boolean => !onlyOrders || event.type === 'order-placed';
          const bounded = { ...order, until, wanted };
          const given = await pages(log, streams, bounded, (page) => limits[page % limits.length] ?? 1);
          const expected = (await log.readStreams(streams))
            .filter((event) => order.keyOf(event) <= until && wanted(event))
            .sort(order.compare);
          expect(given.flat().map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
          for (const [at, page] of given.entries()) {
            expect(page.length).toBeLessThanOrEqual(limits[at % limits.length] ?? 1);
            // Only the last page may be short.
            if (at < given.length - 1) expect(page).toHaveLength(limits[at % limits.length] ?? 1);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('read little more than they give, of a customer with 5,000 events, some of them late', async () => {
    const history = Array.from({ length: 5_000 }, (_, index) => ({
      at: index * 1_000 - (index % 97 === 0 ? 20_000 : 0),
      stream: index % 5 === 0 ? 'subject-b' : 'subject-a',
    }));
    const { log, read } = counting(await logOf(history));
    let before = 0;
    let most = 0;
    const given = await pages(log, ['subject-a', 'subject-b'], AS_THEY_HAPPENED, () => {
      most = Math.max(most, read.whole - before);
      before = read.whole;
      return 100;
    });
    expect(given.flat()).toHaveLength(5_000);
    // A page of 100 reads its own, what may have come late, and what the other stream was read ahead.
    expect(most).toBeLessThanOrEqual(300);
    expect(read.whole).toBeLessThan(3 * 5_000);
    // How late they come is found out once, without data, not for each page.
    expect(read.light).toBe(5_000);
  });

  it('read nothing but the page where the order is that of the log', async () => {
    const history = Array.from({ length: 5_000 }, (_, index) => ({ at: 5_000 - index, stream: 'subject-a' }));
    const { log, read } = counting(await logOf(history));
    const { events, next } = await pageInOrder(log, ['subject-a'], AS_RECORDED, {
      after: null,
      upTo: 5_000,
      limit: 50,
    });
    expect({ given: events.length, ...read }).toEqual({ given: 50, whole: 52, light: 0 });
    await pageInOrder(log, ['subject-a'], AS_RECORDED, { after: next, upTo: 5_000, limit: 50 });
    expect(read.whole).toBe(104);
  });

  it('are rejected where the key is of other streams, or names what no log holds', async () => {
    const log = await logOf(Array.from({ length: 9 }, (_, at) => ({ at, stream: 'subject-a' })));
    const from = (after: Key) => pageInOrder(log, ['subject-a'], AS_THEY_HAPPENED, { after, upTo: 9, limit: 2 });
    for (const key of [[3, 0], [3, 0, 0, 0], [77, 0, 0], [3, 0, -1], [3, 0, 1.5], ['x', 0, 0], []])
      await expect(from(key)).rejects.toThrow('theirs no more');
  });
});
