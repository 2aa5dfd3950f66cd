import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { storedRows, writeRaw } from './measuring/raw-log.js';
import { sendLoad, startIntake, startStandalone, type Server } from './measuring/servers.js';
import type { BodyFormat } from './measuring/shop-events.js';
import { median, milliseconds, percent, perSecond, quantile, report, type ReportRow } from './measuring/table.js';
import { shares } from './measuring/usage.js';

/**
 * Durable ingestion over HTTP, in batches, against SQLite alone: the rows that the server stored are written again by
 * prepared statements in a loop, into the same tables with the same indexes, WAL and synchronous=FULL, one commit for each
 * batch. The server is a process of its own, the sender another one, on loopback, over persistent connections.
 *
 *     npm run bench -- intake-http [--events 100000] [--rounds 3] [--sizes 100,500,1000] [--connections 8]
 */
const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '100,500,1000' },
    formats: { type: 'string', default: 'json,ndjson' },
    connections: { type: 'string', default: '8' },
    'whole-engine': { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const EVENTS = Number(options.events);
const ROUNDS = Number(options.rounds);
const CONNECTIONS = Number(options.connections);
/** So many more are sent before the measurement: they warm up the server, as one that has run for a second, and their rows warm up the baseline. */
const UNTIMED = Math.max(50_000, Math.ceil(EVENTS / 10));
/** About fifty events for each customer. */
const CUSTOMERS = Math.max(1, Math.ceil(EVENTS / 50));
const GOAL = 0.6;

interface Round {
  readonly rawMs: number;
  /** Processor time of the baseline for an event: on a busy machine it is steadier than the ratio. */
  readonly rawCpuUs: number;
  readonly oursMs: number;
  readonly p99Ms: number;
  readonly bytes: number;
  readonly server: { readonly cpu: number; readonly mainThread: number; readonly cpuUs: number } | null;
  readonly loader: { readonly cpu: number };
}

async function round(
  format: BodyFormat,
  batch: number,
  customers: number,
  start: (dataDir: string) => Promise<Server>,
): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
  try {
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir);
    const server = await start(dataDir);
    let before = await server.usage();
    const loaded = await sendLoad(
      {
        ...{ url: server.url, token: server.token, format, batch, connections: CONNECTIONS },
        ...{ untimed: UNTIMED, events: EVENTS, timeMaxMs: 120_000 },
        shop: { shop: 'bench', customers, until: Date.now() },
      },
      async () => {
        before = await server.usage();
      },
    );
    const after = await server.usage();
    await server.stop();
    if (loaded.accepted !== EVENTS) throw new Error(`${loaded.accepted} of ${EVENTS} events were accepted.`);
    const rows = storedRows(join(dataDir, 'log.db'));
    const untimed = rows.events.length - EVENTS;
    const cpuBefore = process.cpuUsage();
    const rawMs = writeRaw(rows, folder, batch, untimed);
    const rawCpu = process.cpuUsage(cpuBefore);
    return {
      rawMs,
      rawCpuUs: (rawCpu.user + rawCpu.system) / rows.events.length,
      oursMs: loaded.elapsedMs,
      p99Ms: quantile(loaded.latenciesMs, 0.99),
      bytes: loaded.bytes / EVENTS,
      server:
        before === null || after === null
          ? null
          : { ...shares(before, after), cpuUs: ((after.cpuMs - before.cpuMs) * 1_000) / EVENTS },
      loader: shares(loaded.before, loaded.after),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lines: ReportRow[] = [];
const limits: string[] = [];

async function measure(
  label: string,
  format: BodyFormat,
  batch: number,
  { customers = CUSTOMERS, start = startIntake, goal = `≥ ${GOAL}` } = {},
): Promise<void> {
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i += 1) rounds.push(await round(format, batch, customers, start));
  const ratios = rounds.map(({ rawMs, oursMs }) => rawMs / oursMs);
  const of = (figure: (round: Round) => number): number => median(rounds.map(figure));
  lines.push({
    what: `${label}, batches of ${batch}`,
    raw: perSecond(
      EVENTS,
      of(({ rawMs }) => rawMs),
    ),
    ours: perSecond(
      EVENTS,
      of(({ oursMs }) => oursMs),
    ),
    ratio: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
    goal,
  });
  const main = of(({ server }) => server?.mainThread ?? Number.NaN);
  const cpu = of(({ server }) => server?.cpu ?? Number.NaN);
  const used = Number.isNaN(cpu)
    ? ''
    : `the server's event loop was busy ${percent(main)} of the time and the server used ${cpu.toFixed(2)} cores (${of(({ server }) => server?.cpuUs ?? Number.NaN).toFixed(0)} µs an event, the baseline ${of(({ rawCpuUs }) => rawCpuUs).toFixed(0)}), `;
  console.error(
    `${label}, ${batch}: ratio ${median(ratios).toFixed(2)}; ${used}the sender ${of(({ loader }) => loader.cpu).toFixed(2)}; ` +
      `p99 of a request ${milliseconds(of(({ p99Ms }) => p99Ms))}; ${Math.round(of(({ bytes }) => bytes))} B an event`,
  );
  if (used !== '') limits.push(`${label}, ${batch}: ${used}the sender ${of(({ loader }) => loader.cpu).toFixed(2)}.`);
}

for (const format of options.formats.split(',') as BodyFormat[])
  for (const size of options.sizes.split(','))
    await measure(format === 'json' ? 'JSON' : 'NDJSON', format, Number(size));
await measure('JSON, every event a new customer', 'json', 500, { customers: 0x7fffffff, goal: '(for information)' });
if (options['whole-engine'])
  await measure('JSON, the whole engine folding in the meantime', 'json', 500, {
    start: startStandalone,
    goal: '(for information)',
  });

report(
  `Durable ingestion over HTTP: ${EVENTS.toLocaleString('en')} events, ${CUSTOMERS.toLocaleString('en')} customers, ` +
    `${CONNECTIONS} connections, the median of ${ROUNDS} rounds; ${availableParallelism()} cores, Node ${process.version}`,
  lines,
  [
    `server (its event loop and the log's writer thread) and sender share ${availableParallelism()} cores; the raw loop has one to itself.`,
    ...limits,
  ],
);
