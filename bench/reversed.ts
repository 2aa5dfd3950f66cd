import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { EventLog } from '#event-log';
import { SYSTEM_CLOCK } from '#platform';
import { IngestTouchpoints } from '#ingestion';
import { openDatabase } from '#database';
import { Projector } from '#projections';
import { openFolder } from './measuring/simulated-log.js';
import { report, seconds, type ReportRow } from './measuring/table.js';

/**
 * One customer's history arriving backwards, so that each event is earlier than all before it. Folding again for each would
 * take n²/2 steps (12.5 M for 5,000 events). Counted are the customer's folds, and the events that were read for folding:
 * those of the log's pages, and those of their history that were read again. The baseline is the same history arriving in its order.
 *
 *     npm run bench -- reversed [--events 5000]
 */
const { values: options } = parseArgs({ options: { events: { type: 'string', default: '5000' } } });
const EVENTS = Number(options.events);
const HOUR_MS = 3_600_000;

type Order = 'in order' | 'reversed';
type Arrival = 'batches of 100, caught up after each' | 'one by one, the engine running' | 'all, then caught up';

interface Arrived {
  readonly ms: number;
  readonly folds: number;
  readonly readAgain: number;
  readonly digest: string;
}

/** Event number `n` of one customer: every tenth an order, one every three hours. */
const touchpoint = (n: number, until: number) => ({
  id: `event-${n}`,
  source: 'bench',
  type: n % 10 === 0 ? 'order-placed' : 'product-viewed',
  time: new Date(until - (EVENTS - n) * 3 * HOUR_MS).toISOString(),
  channel: 'shop',
  identifiers: [{ namespace: 'userId', value: 'one' }],
  data: n % 10 === 0 ? { orderId: `order-${n}`, currency: 'EUR', totalMinor: 1_000 + n } : { sku: `SKU-${n % 100}` },
});

/** The same log, counting the events that are read by stream: histories that are read again. */
function counted(log: EventLog, count: { readAgain: number }): EventLog {
  const readStreams: EventLog['readStreams'] = async (...of) => {
    const events = await log.readStreams(...of);
    count.readAgain += events.length;
    return events;
  };
  return new Proxy(log, {
    get(target, name) {
      if (name === 'readStreams') return readStreams;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function arrive(order: Order, arrival: Arrival, events: number, until: number): Promise<Arrived> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
  mkdirSync(folder, { recursive: true });
  try {
    const data = await openFolder(folder);
    const count = { readAgain: 0 };
    const database = await openDatabase({ kind: 'pglite', folder: null });
    const projector = await Projector.open({ database, log: counted(data.log, count), clock: SYSTEM_CLOCK });
    await projector.catchUp();
    const numbers = Array.from({ length: events }, (_, n) => EVENTS - events + n);
    if (order === 'reversed') numbers.reverse();
    const take = (some: readonly number[]) =>
      data.ingestTouchpoints.execute(
        new IngestTouchpoints(
          some.map((n) => ({ document: touchpoint(n, until) })),
          SYSTEM_CLOCK.now(),
        ),
      );
    const begun = performance.now();
    if (arrival === 'one by one, the engine running') {
      projector.start();
      for (const n of numbers) await take([n]);
      while ((await projector.status()).lag > 0) await new Promise((wake) => setTimeout(wake, 5));
      await projector.stop();
    } else
      for (let at = 0; at < numbers.length; at += 100) {
        await take(numbers.slice(at, at + 100));
        if (arrival === 'batches of 100, caught up after each') await projector.catchUp();
      }
    await projector.catchUp();
    const ms = performance.now() - begun;
    const { counters } = await projector.status();
    const { models } = await projector.digest();
    await database.close();
    await data.close();
    return { ms, folds: counters.folded, readAgain: count.readAgain, digest: JSON.stringify(models) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const until = SYSTEM_CLOCK.now();
const lines: ReportRow[] = [];
let digest: string | null = null;
const told = ({ ms, folds, readAgain }: Arrived) =>
  `${seconds(ms)}, ${folds.toLocaleString('en')} folds, ${readAgain.toLocaleString('en')} read again`;
const add = (what: string, raw: Arrived, ours: Arrived, goal: string): void => {
  lines.push({ what, raw: told(raw), ours: told(ours), ratio: (ours.ms / raw.ms).toFixed(2), goal });
  console.error(`${what}: ${told(raw)} | ${told(ours)}`);
};
for (const arrival of [
  'batches of 100, caught up after each',
  'one by one, the engine running',
  'all, then caught up',
] as const) {
  const ordered = await arrive('in order', arrival, EVENTS, until);
  const reversed = await arrive('reversed', arrival, EVENTS, until);
  for (const arrived of [ordered, reversed]) {
    digest ??= arrived.digest;
    if (arrived.digest !== digest) throw new Error(`Another digest when arriving ${arrival}.`);
  }
  add(`reversed (baseline: in order), ${arrival}`, ordered, reversed, 'linear');
  if (arrival === 'one by one, the engine running') {
    const half = await arrive('reversed', arrival, EVENTS / 2, until);
    add(`reversed ${EVENTS} (baseline: reversed ${EVENTS / 2}), ${arrival}`, half, reversed, '≤ 2.5: linear');
  }
}
report(
  `One customer's ${EVENTS.toLocaleString('en')} events arriving backwards; time of ours ÷ time of the baseline; equal digests; ` +
    `${availableParallelism()} cores, Node ${process.version}`,
  lines,
  [
    'a late event folds the customer again from the last snapshot before it, and a reversed history has none: so a customer of more than 256 events waits until an eighth of their history is new, or some seconds have passed.',
    'one by one, each event is a commit of the log and, in order, a transaction of the read models.',
  ],
);
