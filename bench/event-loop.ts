import { HTTP_BINDING, IngestTouchpoints, IngestTouchpointsHandler, Ingestion, readEventsInTurns } from '#ingestion';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog, orderPlaced } from '#testing';

/**
 * How long one body holds the event loop: the longest delay while it is read and ingested, beside one JSON.parse of the same body (the baseline).
 * The aim is a ratio of 2 at most. Stores are in memory: what is measured is the work of the event loop itself.
 * Run: node --conditions=source --import #from-source bench/event-loop.ts
 */
const ROUNDS = 5;
const RECEIVED_AT = Date.UTC(2026, 0, 31, 12);
const BODIES = {
  'valid orders': Array.from({ length: 10_000 }, (_, at) => orderPlaced({ id: `o${at}`, source: 'shop' })),
  'ten large bodies that are quarantined': Array.from({ length: 10 }, (_, at) => ({
    id: `l${at}`,
    x: 'word '.repeat(50_000),
  })),
  'events of an unknown type': Array.from({ length: 10_000 }, (_, at) =>
    orderPlaced({ id: `u${at}`, source: 'shop', type: 'none' }),
  ),
};

for (const [name, events] of Object.entries(BODIES)) {
  const body = Buffer.from(JSON.stringify(events));
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) ratios.push((await longestDelay(body)) / parseMs(body));
  const best = Math.min(...ratios);
  process.stdout.write(
    `${name}: ${(body.length / 1e6).toFixed(1)} MB, longest delay / JSON.parse = ${best.toFixed(2)}\n`,
  );
}
function parseMs(body: Buffer): number {
  const text = body.toString();
  const started = performance.now();
  JSON.parse(text);
  return performance.now() - started;
}

async function longestDelay(body: Buffer): Promise<number> {
  const sealer = new Sealer(openSqliteKeyStore({ file: ':memory:' }));
  const handler = new IngestTouchpointsHandler(new Ingestion({ log: memoryLog(), sealer }));
  let longest = 0;
  let last = performance.now();
  const tick = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    next = setImmediate(tick);
  };
  let next = setImmediate(tick);
  const read = await readEventsInTurns({ 'content-type': 'application/json' }, body, HTTP_BINDING);
  if ('code' in read) throw new Error(read.detail);
  await handler.execute(new IngestTouchpoints(read.items, RECEIVED_AT));
  clearImmediate(next);
  return longest;
}
