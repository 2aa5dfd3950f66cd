import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requestFrom, nextMessage, startProgram } from './measuring/children.js';
import { startStandalone } from './measuring/servers.js';
import { milliseconds, quantile, report, type ReportRow } from './measuring/table.js';
import type { SteadilyLoaded, SteadyLoad } from './processes/steady-loader.js';

/**
 * How soon a touchpoint can be seen in the read models: events come over HTTP at a steady rate into the whole engine, and some
 * of them are looked for over HTTP until the profile of their customer shows them. The time runs from the moment at which the
 * event was due to be sent, so that a delay counts for every event that was due in the meantime. The baseline is the
 * acknowledgement of the same requests: what of that time it takes to make them durable.
 *
 *     npm run bench -- freshness [--per-second 1000] [--seconds 30] [--batch 10]
 */
const { values: options } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
    batch: { type: 'string', default: '10' },
    warming: { type: 'string', default: '15' },
    probes: { type: 'string', default: '10' },
    customers: { type: 'string', default: '5000' },
  },
});
const GOAL_MS = 250;
const PER_SECOND = Number(options['per-second']);
const ASK_EVERY_MS = 20;

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
try {
  const engine = await startStandalone(folder);
  const load = async (seconds: number, first: number): Promise<SteadilyLoaded> => {
    const loader = startProgram('bench/processes/steady-loader');
    await nextMessage(loader);
    return requestFrom<SteadilyLoaded>(loader, {
      ...{ url: engine.url, token: engine.token, first, perSecond: PER_SECOND, batch: Number(options.batch), seconds },
      ...{ customers: Number(options.customers), probesPerSecond: Number(options.probes), askEveryMs: ASK_EVERY_MS },
    } satisfies SteadyLoad);
  };
  // A while before the clock counts: the code gets warm, and most customers are known as in any week but the first.
  const warming = Number(options.warming);
  await load(warming, 0);
  const loaded = await load(Number(options.seconds), warming * PER_SECOND);
  await engine.stop();
  if (loaded.unseen > 0) throw new Error(`${loaded.unseen} events were never seen.`);
  const { visibleMs, acknowledgedMs } = loaded;
  const line = (what: string, share: number, goal: string): ReportRow => {
    const raw = quantile(acknowledgedMs, share);
    const ours = quantile(visibleMs, share);
    return { what, raw: milliseconds(raw), ours: milliseconds(ours), ratio: (ours / raw).toFixed(2), goal };
  };
  report(
    `A touchpoint is visible, at ${PER_SECOND.toLocaleString('en')} events/s in requests of ${options.batch}: ` +
      `${loaded.sent.toLocaleString('en')} events, ${visibleMs.length} of them looked for (baseline: acknowledged); ` +
      `${availableParallelism()} cores, Node ${process.version}`,
    [line('p50', 0.5, ''), line('p99', 0.99, `≤ ${GOAL_MS} ms`), line('max', 1, '')],
    [
      `one page of the log at a time: an event waits for the transaction of the page before it, then for its own; the database is in the engine's own process.`,
      `the sender was ${milliseconds(loaded.lateMsMax)} late at worst; engine and sender share ${availableParallelism()} cores.`,
    ],
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
