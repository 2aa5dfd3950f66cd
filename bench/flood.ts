import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ID, type Flood, type Flooded } from './measuring/flood.js';
import { nextMessage, requestFrom, startProgram, stopProgram } from './measuring/children.js';
import { startIntake } from './measuring/servers.js';
import { median, perSecond, report, type ReportRow } from './measuring/table.js';

/**
 * Permitted publishing beside a flood of publishing that is rejected, against the same beside a flood of the same bytes to a route that answers 404.
 * Server, permitted sender and flooder are a process each; the flooder sends as fast as it can over connections that are kept. Both floods alternate
 * in one run; the first turn of each is not counted, so that the flooder's key has used up what it may send at once.
 *
 *     npm run bench -- flood [--rounds 5] [--ms 3000] [--batch 10] [--connections 16] [--kinds foreign,invalid,wrong-key,unreadable]
 */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '3000' },
    batch: { type: 'string', default: '10' },
    connections: { type: 'string', default: '16' },
    kinds: { type: 'string', default: 'foreign,invalid,wrong-key,unreadable' },
    rates: { type: 'string', default: 'default' },
  },
});
const ROUNDS = Number(options.rounds);
const MS = Number(options.ms);
const BATCH = Number(options.batch);
const CONNECTIONS = Number(options.connections);
/** Of the permitted sender. */
const PERMITTED_CONNECTIONS = 8;
const PERMITTED_BATCH = 50;
/** How long the flood is under way before and after what is measured. */
const MARGIN_MS = 300;
const GOAL = 0.8;

const order = (source: string, type = 'order-placed'): object => ({
  ...{ id: ID, source, type, occurredAt: '2026-01-31T12:00:00Z', channel: 'web' },
  identifiers: [{ namespace: 'userId', value: 'u1' }],
  data: {
    orderId: ID,
    currency: 'EUR',
    totalMinor: 1_990,
    lines: [{ sku: 'a-1', quantity: 1, unitPriceMinor: 1_990 }],
  },
});
const batchOf = (count: number, event: object): string => JSON.stringify(Array(count).fill(event));

type Kind = 'foreign' | 'invalid' | 'wrong-key' | 'unreadable';
const TEMPLATES: { readonly [Name in Kind]: string } = {
  foreign: batchOf(BATCH, order('another-shop')),
  invalid: batchOf(BATCH, order('flooder', 'no-such-type')),
  'wrong-key': batchOf(BATCH, order('flooder')),
  unreadable: batchOf(BATCH, order('flooder')).slice(0, -1),
};

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const dataDir = join(folder, 'data');
mkdirSync(dataDir);
const server = await startIntake(dataDir, { RATE_LIMITS: options.rates });
const [permitted, flooder] = [startProgram('bench/processes/flooder'), startProgram('bench/processes/flooder')];
await Promise.all([nextMessage(permitted), nextMessage(flooder)]);

async function newKey(name: string, sources: readonly string[]): Promise<string> {
  const response = await fetch(`${server.url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, role: 'channel', scopes: { sources } }),
  });
  if (response.status !== 201) throw new Error(`No key: ${await response.text()}`);
  return ((await response.json()) as { readonly key: string }).key;
}

const shop = await newKey('shop', ['shop']);
const send = (child: typeof flooder, flood: Omit<Flood, 'url'>): Promise<Flooded> =>
  requestFrom<Flooded>(child, { url: server.url, ...flood });

/** Events of the permitted sender in a second, beside a flood. */
async function beside(flood: Omit<Flood, 'url' | 'ms' | 'connections'>) {
  const flooding = send(flooder, { ...flood, connections: CONNECTIONS, ms: MS + 2 * MARGIN_MS });
  await new Promise((wake) => setTimeout(wake, MARGIN_MS));
  const sent = await send(permitted, {
    ...{ path: '/v1/touchpoints', key: shop, connections: PERMITTED_CONNECTIONS, ms: MS },
    template: batchOf(PERMITTED_BATCH, order('shop')),
  });
  const flooded = await flooding;
  const others = Object.keys(sent.statuses).filter((status) => status !== '200');
  if (others.length > 0) throw new Error(`The permitted sender was answered ${JSON.stringify(sent.statuses)}.`);
  return { eventsPerMs: (sent.requests * PERMITTED_BATCH) / sent.ms, flooded };
}

const lines: ReportRow[] = [];
const notes: string[] = [];
for (const kind of options.kinds.split(',') as Kind[]) {
  const template = TEMPLATES[kind];
  const key = kind === 'wrong-key' ? `pk_0123456789ab_${'x'.repeat(43)}` : await newKey('flooder', ['flooder']);
  const ratios: number[] = [];
  const [plain, rejected]: [number[], number[]] = [[], []];
  const counts = { unknown: 0, rejected: {} as Record<string, number>, rejectedRequests: 0 };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const unknown = await beside({ path: '/v1/no-such-route', key, template });
    const refused = await beside({ path: '/v1/touchpoints', key, template });
    if (round === 0) continue;
    plain.push(unknown.eventsPerMs);
    rejected.push(refused.eventsPerMs);
    ratios.push(refused.eventsPerMs / unknown.eventsPerMs);
    counts.unknown += unknown.flooded.requests;
    counts.rejectedRequests += refused.flooded.requests;
    for (const [status, count] of Object.entries(refused.flooded.statuses))
      counts.rejected[status] = (counts.rejected[status] ?? 0) + count;
  }
  lines.push({
    what: `beside ${kind}, batches of ${BATCH}`,
    raw: perSecond(median(plain), 1),
    ours: perSecond(median(rejected), 1),
    ratio: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
    goal: `≥ ${GOAL}`,
  });
  const floodMs = ROUNDS * (MS + 2 * MARGIN_MS);
  notes.push(
    `${kind}: ${perSecond(counts.rejectedRequests, floodMs)} requests of the flood, answered ${JSON.stringify(counts.rejected)}; ${perSecond(counts.unknown, floodMs)} answered 404.`,
  );
  console.error(`${kind}: ratio ${median(ratios).toFixed(2)}; ${notes.at(-1) ?? ''}`);
}
await Promise.all([stopProgram(permitted), stopProgram(flooder)]);
await server.stop();
rmSync(folder, { recursive: true, force: true });

report(
  `Permitted publishing beside a flood that is rejected, against the same beside a flood that is answered 404: the median of ${ROUNDS} rounds of ${MS} ms, ` +
    `${CONNECTIONS} connections of the flood; ${availableParallelism()} cores, Node ${process.version}`,
  lines,
  [`server, permitted sender and flooder share ${availableParallelism()} cores.`, ...notes],
);
