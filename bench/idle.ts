import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startFakeServerProcess } from '../test/services/eventstore/fake-server-process.js';
import { startBroker } from './measuring/broker.js';
import { stopProgram } from './measuring/children.js';
import { processorTime, type ProcessorTime } from './measuring/processor-time.js';
import { sendLoad, startApp, startStandalone } from './measuring/servers.js';
import { startPostgres } from './measuring/shared-stores.js';
import { report, type ReportRow } from './measuring/table.js';

/**
 * What the engine takes of a processor while nothing happens, as the kernel counts it, thread by thread: alone in one process on its embedded
 * stores, with a broker for channels in and feeds out, on PostgreSQL, and as separate processes on servers, of which
 * the EventStoreDB is the suites' fake server. Each has taken some customers in before, and settled.
 *
 *     npm run bench -- idle [--seconds 30] [--settling 15] [--only embedded,kafka,postgres,processes]
 */
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    settling: { type: 'string', default: '15' },
    only: { type: 'string', default: 'embedded,kafka,postgres,processes' },
  },
});
const SECONDS = Number(options.seconds);
const SETTLING_MS = Number(options.settling) * 1_000;
const CUSTOMERS = 500;
const PROCESSES = ['intake', 'projector', 'relay', 'api'] as const;

const lines: ReportRow[] = [];
const limits: string[] = [];

/** Watches processes while they have nothing to do. */
async function watch(what: string, pids: readonly (number | undefined)[]): Promise<void> {
  await sleep(SETTLING_MS);
  const look = () => pids.map((pid) => processorTime(pid ?? 0));
  const [before, begun] = [look(), performance.now()];
  await sleep(SECONDS * 1_000);
  const [after, elapsed] = [look(), performance.now() - begun];
  after.forEach((now, at) => {
    const name = pids.length === 1 ? what : `${what}: ${PROCESSES[at] ?? ''}`;
    const then = before[at] as ProcessorTime;
    const share = (ms: number): string => `${((100 * ms) / elapsed).toFixed(1)} %`;
    const threads = [...now.byThread]
      .map(([thread, ms]) => ({ thread, ms: ms - (then.byThread.get(thread) ?? 0) }))
      .filter(({ ms }) => ms > 0)
      .sort((x, y) => y.ms - x.ms)
      .map(({ thread, ms }) => `${thread} ${share(ms)}`);
    const ours = share(now.totalMs - then.totalMs);
    lines.push({ what: name, raw: '', ours, ratio: '', goal: '≤ 2 %' });
    limits.push(`${name}: ${threads.slice(0, 4).join(', ')} (main is the event loop).`);
    console.error(`${name}: ${ours} of one core (${threads.join(', ')})`);
  });
}

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const dataDir = (name: string): string => {
  mkdirSync(join(folder, name));
  return join(folder, name);
};

/** One process that has taken some customers in, watched. */
async function alone(name: string, what: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const engine = await startStandalone(dataDir(name), settings);
  try {
    const shop = { shop: 'idle', customers: CUSTOMERS, until: Date.now() };
    const load = { url: engine.url, token: engine.token, format: 'json' as const, batch: 100, connections: 2 };
    await sendLoad({ ...load, untimed: 0, events: CUSTOMERS * 10, timeMaxMs: 60_000, shop }, () => Promise.resolve());
    await watch(what, [engine.child.pid]);
  } finally {
    await engine.stop();
  }
}

/** Separate processes, watched. */
async function apart(settings: Readonly<Record<string, string>>): Promise<void> {
  const log = await startFakeServerProcess();
  const apps: ChildProcess[] = [];
  try {
    for (const name of PROCESSES) apps.push(await startApp(name, { ...settings, EVENT_LOG: log.connectionString }));
    await watch(
      'separate processes',
      apps.map(({ pid }) => pid),
    );
  } finally {
    await Promise.all(apps.map(stopProgram));
    await log.stop();
  }
}

const wanted = new Set(options.only.split(','));
try {
  if (wanted.has('embedded')) await alone('embedded', 'one process, embedded stores', {});
  if (wanted.has('kafka')) {
    const broker = await startBroker();
    try {
      await broker.makeTopic('touchpoints.idle', 6);
      await alone('kafka', 'the same, Kafka in and out', { KAFKA_BROKERS: broker.setting });
    } finally {
      await broker.stop();
    }
  }
  for (const which of ['postgres', 'processes'].filter((each) => wanted.has(each))) {
    const postgres = await startPostgres();
    if (postgres === null) {
      console.error('Not measured: there is no PostgreSQL here.');
      break;
    }
    const broker = await startBroker();
    try {
      await broker.makeTopic('touchpoints.idle', 6);
      const settings = { KAFKA_BROKERS: broker.setting, POSTGRES_URL: postgres.url };
      if (which === 'postgres') await alone('postgres', 'read models on PostgreSQL, Kafka in and out', settings);
      else await apart({ ...settings, KEYS_URL: postgres.url });
    } finally {
      await broker.stop();
      await postgres.stop();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
report(
  `The idle engine, of one core over ${SECONDS} s after ${SETTLING_MS / 1_000} s of settling; ${availableParallelism()} cores, Node ${process.version}`,
  lines,
  [...limits, 'a process that others disturb is interrupted more often, and takes a little more for the same work.'],
);
