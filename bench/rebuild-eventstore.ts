import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MemoryIdTable, moveLog, openEventStoreLog } from '#event-log';
import { SYSTEM_CLOCK } from '#platform';
import { openDatabase } from '#database';
import { migrate, openIdTable, Projector } from '#projections';
import { startFakeServerProcess } from '../test/services/eventstore/fake-server-process.js';
import { BareServer } from './measuring/bare-eventstore.js';
import { openFolder, simulateInto } from './measuring/simulated-log.js';
import { median, perSecond, report, seconds } from './measuring/table.js';

/**
 * Rebuilding the read models from a log on EventStoreDB that is too large to be held in memory, phase by phase, against one bare read of `$all`, in
 * turn. Without an address on the fake server in a process of its own: compare ratios. The server may hold other logs; nothing is deleted.
 *
 *     npm run bench -- rebuild-eventstore [--url 'esdb://127.0.0.1:2113?tls=false'] [--customers 2000] [--rounds 3] [--held-mib 1]
 */
const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    customers: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    'held-mib': { type: 'string', default: '1' },
  },
});
const GOAL = 2.5;

const fake = options.url === undefined ? await startFakeServerProcess() : null;
const url = (options.url ?? fake?.connectionString ?? '').replace(/#.*$/s, '');
const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const bare = await BareServer.connect(url);
try {
  const name = `bench-${randomUUID().slice(0, 8)}`;
  const data = await openFolder(folder);
  await simulateInto(data, Number(options.customers));
  const target = await openEventStoreLog({ connectionString: url, ids: new MemoryIdTable(), name });
  const before = await bare.end();
  await moveLog({ from: data.log, to: target });
  await target.close();
  await data.close();
  const { events } = await bare.readAll(before);
  console.error(`${events} events`);

  const database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
  await migrate(database);
  const ids = await openIdTable(database);
  const log = await openEventStoreLog({ connectionString: url, ids, name });
  const projector = await Projector.open({ database, log, ids, clock: SYSTEM_CLOCK, temporaryFolder: folder });
  const heldBytesMax = Number(options['held-mib']) * 1_048_576;
  // Detects repeated event ids and publishes: the rebuilds below do neither.
  await projector.rebuild({ heldBytesMax });

  const figures: { readonly bareMs: number; readonly oursMs: number; readonly cpuMs: number }[] = [];
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    const bareMs = (await bare.readAll(before)).ms;
    const ends = new Map<string, number>();
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const { elapsedMs: oursMs } = await projector.rebuild({
      heldBytesMax,
      onProgress: ({ phase }) => ends.set(phase, performance.now() - begun),
    });
    const { user, system } = process.cpuUsage(cpu);
    figures.push({ bareMs, oursMs, cpuMs: (user + system) / 1_000 });
    const until = [...ends].map(([phase, ms]) => `${phase} until ${seconds(ms)}`);
    console.error(`round ${round}: bare ${seconds(bareMs)}, rebuild ${seconds(oursMs)} (${until.join(', ')})`);
  }
  const { overall } = await projector.digest();
  await log.close();
  await database.close();

  const of = (what: keyof (typeof figures)[number]): number => median(figures.map((figure) => figure[what]));
  const ratios = figures.map(({ bareMs, oursMs }) => oursMs / bareMs);
  report(
    `Rebuild of ${events.toLocaleString('en')} events on ${fake === null ? 'EventStoreDB' : 'the fake server'}, the median of ` +
      `${options.rounds} rounds; ${availableParallelism()} cores, Node ${process.version}`,
    [
      {
        what: 'rebuild (bare: one read of $all)',
        raw: `${seconds(of('bareMs'))} (${perSecond(events, of('bareMs'))})`,
        ours: `${seconds(of('oursMs'))} (${perSecond(events, of('oursMs'))})`,
        ratio: `${median(ratios).toFixed(1)} times (${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)})`,
        goal: `≤ ${GOAL} times`,
      },
    ],
    [
      `this process took ${seconds(of('cpuMs'))} of processor time a rebuild, and at most ${Math.round(process.resourceUsage().maxRSS / 1_024)} MiB.`,
      `the digest is ${overall}.`,
    ],
  );
} finally {
  await bare.close();
  await fake?.stop();
  rmSync(folder, { recursive: true, force: true });
}
