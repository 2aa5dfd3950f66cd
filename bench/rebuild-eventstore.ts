import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import { openEventStoreLog } from '#event-log';
import { SYSTEM_CLOCK } from '#platform';
import { openDatabase } from '#database';
import { migrate, openIdTable, Projector } from '#projections';
import { openFolder, simulateInto } from './measuring/simulated-log.js';
import { median, perSecond, report, seconds } from './measuring/table.js';

/**
 * Rebuilding the read models from a log on EventStoreDB, against one bare read of `$all` through the client. Here the server is the fake one, in a
 * process of its own. The log counts as too large to be held in memory, unless --held-mib says otherwise.
 *
 *     npm run bench -- rebuild-eventstore [--customers 4000] [--rounds 3] [--held-mib 1]
 */
const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '3' },
    'held-mib': { type: 'string', default: '1' },
  },
});
const GOAL = 2.5;

async function bareRead(connectionString: string): Promise<{ ms: number; events: number }> {
  const client = EventStoreDBClient.connectionString(connectionString.replace(/#.*$/, ''));
  const begun = performance.now();
  let events = 0;
  for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START }))
    if (event !== undefined) events += 1;
  const ms = performance.now() - begun;
  await client.dispose();
  return { ms, events };
}

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
try {
  const data = await openFolder(folder);
  const touchpoints = await simulateInto(data, Number(options.customers));
  await data.close();
  const child = fork(resolve(import.meta.dirname, 'processes/filled-server.js'), {
    env: { ...process.env, LOG_FILE: join(folder, 'log.db'), NODE_OPTIONS: '--max-old-space-size=8192' },
  });
  const [{ connectionString, events }] = (await once(child, 'message')) as [
    { readonly connectionString: string; readonly events: number },
  ];
  console.error(`${touchpoints} touchpoints, ${events} events`);

  const database = await openDatabase({ kind: 'pglite', folder: join(folder, 'readmodels') });
  await migrate(database);
  const ids = await openIdTable(database);
  const log = await openEventStoreLog({ connectionString, ids });
  const projector = await Projector.open({ database, log, ids, clock: SYSTEM_CLOCK });
  const followed = performance.now();
  await projector.catchUp();
  const followMs = performance.now() - followed;
  console.error(`followed in ${seconds(followMs)}: ${JSON.stringify((await projector.status()).stepMs)}`);

  const figures: { oursMs: number; bareMs: number }[] = [];
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const bare = await bareRead(connectionString);
    const phases = new Map<string, number>();
    const begun = performance.now();
    const rebuilt = await projector.rebuild({
      heldBytesMax: Number(options['held-mib']) * 1_048_576,
      onProgress: ({ phase }) => phases.set(phase, Math.round(performance.now() - begun)),
    });
    figures.push({ oursMs: rebuilt.elapsedMs, bareMs: bare.ms });
    const ends = JSON.stringify(Object.fromEntries(phases));
    console.error(
      `round ${round + 1}: bare ${bare.ms}, ours ${rebuilt.elapsedMs}, ${JSON.stringify(rebuilt.stepMs)}; ends of phases ${ends}`,
    );
  }
  const { overall } = await projector.digest();
  console.error(`digest ${overall}, memory ${Math.round(process.memoryUsage().rss / 1_048_576)} MiB`);
  await log.close();
  await database.close();
  child.disconnect();

  const of = (name: 'oursMs' | 'bareMs'): number => median(figures.map((figure) => figure[name]));
  const times = figures.map(({ bareMs, oursMs }) => oursMs / bareMs);
  report(
    `Rebuild of ${events.toLocaleString('en')} events on EventStoreDB, the median of ${options.rounds} rounds; ` +
      `${availableParallelism()} cores, Node ${process.version}`,
    [
      {
        what: 'rebuild, times one bare read of $all',
        raw: `${seconds(of('bareMs'))} (${perSecond(events, of('bareMs'))})`,
        ours: `${seconds(of('oursMs'))} (${perSecond(events, of('oursMs'))})`,
        ratio: `${median(times).toFixed(2)} (${Math.min(...times).toFixed(2)}–${Math.max(...times).toFixed(2)})`,
        goal: `≤ ${GOAL}`,
      },
    ],
    [`following the log once took ${seconds(followMs)} (${perSecond(events, followMs)}).`],
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
