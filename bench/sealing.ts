import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler } from '#ingestion';
import type { AppendItem, EventLog, Verdict } from '#event-log';
import { openSqliteKeyStore, Sealer, type SubjectKey } from '#keys';

/**
 * What sealing costs per event: each step by itself, and as a share of taking an event in. The baseline of the last
 * figures is the whole of intake (JSON.parse, envelope, identify, validate, seal, serialise) with a log that stores nothing.
 *
 *     node --conditions=source --import #from-source bench/sealing.ts
 */
const ROUNDS = 5;
const SUBJECTS = 20_000;
const BATCH = 500;
const BATCHES = 60;

/** CPU microseconds of this thread's process per call: the best of a few rounds, so that neighbours do not count. */
function cost(count: number, call: (n: number) => unknown): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    for (let n = 0; n < count; n += 1) call(n);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / count);
  }
  return best;
}

const tell = (name: string, microseconds: number): void =>
  console.log(`${name.padEnd(66)}${microseconds.toFixed(2).padStart(8)} µs`);

/** Says yes to everything, and keeps nothing: what is left is the work before the log. */
const nowhere = {
  appendMany: (items: readonly AppendItem[]): Promise<readonly Verdict[]> =>
    Promise.resolve(items.map((_, n) => ({ status: 'accepted', position: n + 1, revision: 0, recordedAt: 0 }))),
} as unknown as EventLog;

const text =
  'The customer called about their order, was pleased with it, and will think about the bigger one until spring comes. ';
const order = (n: number) => ({
  id: `order-${n}`,
  source: 'shop',
  type: 'order-placed',
  time: '2026-01-31T11:00:00Z',
  channel: 'web',
  identifiers: [{ namespace: 'userId', value: `customer-${n % SUBJECTS}` }],
  data: {
    orderId: `order-${n}`,
    currency: 'EUR',
    totalMinor: 5997,
    lines: [1, 2, 3].map((k) => ({ sku: `sku-${k}`, category: 'kitchen', quantity: 1, unitPriceMinor: 1999 })),
  },
});
const note = (n: number) => ({ ...order(n), id: `note-${n}`, type: 'note-added', data: { text, topic: 'a call' } });

async function intakeCost(handler: IngestTouchpointsHandler, event: (n: number) => object): Promise<number> {
  const bodies = Array.from({ length: BATCHES }, (_, batch) =>
    JSON.stringify(Array.from({ length: BATCH }, (__, n) => event(batch * BATCH + n))),
  );
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    for (const body of bodies) {
      const items = (JSON.parse(body) as unknown[]).map((document) => ({ document }));
      await handler.execute(new IngestTouchpoints(items, Date.UTC(2026, 0, 31, 12)));
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / (BATCHES * BATCH));
  }
  return best;
}

const folder = mkdtempSync(join(tmpdir(), 'perennial-sealing-'));
const keys = openSqliteKeyStore({ file: join(folder, 'keys.db') });
try {
  const sealer = new Sealer(keys);
  const ids = Array.from({ length: SUBJECTS }, (_, n) => sealer.subjectIdOf('userId', `customer-${n}`));
  const before = process.cpuUsage();
  for (let n = 0; n < SUBJECTS; n += BATCH) await keys.keysFor(ids.slice(n, n + BATCH), { create: true });
  const { user, system } = process.cpuUsage(before);
  const made = await keys.keysFor(ids);
  const key = made.get(ids[0] as string) as SubjectKey;
  const sealed = sealer.seal(key, text);
  const canonical = JSON.stringify(order(1));

  console.log(`CPU time, best of ${ROUNDS} rounds; ${SUBJECTS} subjects; ${text.length} bytes of text are sealed`);
  tell('a new key (random, durable in a transaction of 500; once per subject)', (user + system) / SUBJECTS);
  tell(
    'a subject named: known in this process',
    cost(200_000, (n) => sealer.subjectIdOf('userId', `customer-${n % SUBJECTS}`)),
  );
  tell(
    'a subject named: computed',
    cost(50_000, (n) => sealer.keyedId(`userId\0customer-${n}`)),
  );
  tell(
    'an identifier sealed: known in this process',
    cost(200_000, () => sealer.sealIdentifier(key, 'customer-0')),
  );
  tell(
    `${text.length} bytes sealed`,
    cost(50_000, () => sealer.seal(key, text)),
  );
  tell(
    `${text.length} bytes opened`,
    cost(50_000, () => sealer.open(key, sealed)),
  );
  tell(
    `a content of ${canonical.length} bytes hashed`,
    cost(50_000, () => sealer.contentHash(key, canonical)),
  );

  const handler = new IngestTouchpointsHandler(new Ingestion({ log: nowhere, sealer }));
  const withoutText = await intakeCost(handler, order);
  const withText = await intakeCost(handler, note);
  tell(
    `an order of ${JSON.stringify(order(1)).length} bytes taken in, nothing personal but its identifier`,
    withoutText,
  );
  tell(`a note of ${JSON.stringify(note(1)).length} bytes taken in, its text sealed`, withText);
  console.log(
    'What limits it: one AES-GCM context per sealed blob; OpenSSL costs more to set up than to run on 100 bytes.',
  );
} finally {
  await keys.close();
  rmSync(folder, { recursive: true });
}
