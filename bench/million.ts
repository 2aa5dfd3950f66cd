import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sendLoad, startStandalone, type Server } from './measuring/servers.js';
import { megabytes, median, perSecond, report, seconds, type ReportRow } from './measuring/table.js';

/**
 * A million events through the whole engine: over HTTP into the log, into the read models, and a rebuild of these. Watched is
 * the memory of the engine's process. Flat means: what it holds in the last quarter of a step is what it held in the second one.
 * The baseline of a step is its own first part, so a ratio of 1 is linear and flat.
 *
 *     npm run bench -- million [--events 1000000] [--customers 20000]
 */
const { values: options } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, customers: { type: 'string', default: '20000' } },
});
const EVENTS = Number(options.events);
const CUSTOMERS = Number(options.customers);
const BATCH = 500;
/** The sender builds its bodies beforehand, so it sends in parts. */
const PARTS = 20;
const SAMPLE_MS = 500;
const STEP_MAX_MS = 30 * 60_000;

interface Sample {
  readonly at: number;
  readonly rss: number;
}

interface Status {
  readonly position: number;
  readonly lag: number;
  readonly dirty: number;
  readonly stepMs: Readonly<Record<string, number>>;
}

async function get<T>({ url, token }: Server, path: string, method = 'GET'): Promise<T> {
  const response = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  return (response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text) as T;
}

/** The resident memory of the engine's process, as it tells it to Prometheus. */
async function rssOf(engine: Server): Promise<number> {
  const text = await get<string>(engine, '/metrics');
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}

/** Watches the memory while some work goes on. */
async function watched(engine: Server, work: () => Promise<void>): Promise<{ ms: number; samples: Sample[] }> {
  const samples: Sample[] = [];
  const begun = performance.now();
  let going = true;
  const watching = (async () => {
    while (going) {
      samples.push({ at: performance.now() - begun, rss: await rssOf(engine) });
      await new Promise((wake) => setTimeout(wake, SAMPLE_MS));
    }
  })();
  await work().finally(() => (going = false));
  const ms = performance.now() - begun;
  await watching;
  return { ms, samples };
}

/** The median memory of a quarter of a step, the first being 0. */
function quarter({ ms, samples }: { readonly ms: number; readonly samples: readonly Sample[] }, which: number): number {
  const within = samples.filter(({ at }) => at >= (ms * which) / 4 && at < (ms * (which + 1)) / 4);
  return median((within.length > 0 ? within : samples).map(({ rss }) => rss));
}

const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

async function until(engine: Server, settled: () => Promise<string | null>): Promise<void> {
  const giveUpAt = performance.now() + STEP_MAX_MS;
  let saidAt = 0;
  for (;;) {
    const told = await settled();
    if (told === null) return;
    if (performance.now() > giveUpAt) throw new Error(`Not done within ${STEP_MAX_MS} ms: ${told}`);
    if (performance.now() - saidAt > 5_000) {
      saidAt = performance.now();
      say(`${told}; ${megabytes(await rssOf(engine))}`);
    }
    await new Promise((wake) => setTimeout(wake, 250));
  }
}

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
try {
  const engine = await startStandalone(folder);
  const shop = { shop: 'million', customers: CUSTOMERS, until: Date.now() };
  const partMs: number[] = [];
  const ingestion = await watched(engine, async () => {
    for (let part = 0; part < PARTS; part += 1) {
      const events = EVENTS / PARTS;
      const { accepted, elapsedMs } = await sendLoad(
        {
          ...{ url: engine.url, token: engine.token, format: 'json', batch: BATCH, connections: 4 },
          ...{ first: part * events, untimed: 0, events, timeMaxMs: STEP_MAX_MS, shop },
        },
        () => Promise.resolve(),
      );
      if (accepted !== events) throw new Error(`${accepted} of ${events} events were accepted.`);
      partMs.push(elapsedMs);
      say(`${(part + 1) * events} events, ${perSecond(events, elapsedMs)}; ${megabytes(await rssOf(engine))}`);
    }
  });
  const intakeMs = partMs.reduce((sum, ms) => sum + ms, 0);

  const settled = async (): Promise<string | null> => {
    const { position, lag, dirty } = await get<Status>(engine, '/v1/projections/status');
    return lag === 0 && dirty === 0 ? null : `position ${position}, ${dirty} customers to be folded`;
  };
  const followed = await watched(engine, () => until(engine, settled));
  const { stepMs } = await get<Status>(engine, '/v1/projections/status');

  const rebuilt = await watched(engine, async () => {
    await get(engine, '/v1/projections/rebuild', 'POST');
    await until(engine, async () => {
      const { state, progress, failure } = await get<{ state: string; progress: unknown; failure: string | null }>(
        engine,
        '/v1/projections/jobs/current',
      );
      if (state === 'failed') throw new Error(`The rebuild failed: ${failure}`);
      return state === 'done' ? null : `rebuild: ${JSON.stringify(progress)}`;
    });
  });
  await engine.stop();
  const logBytes = statSync(join(folder, 'log.db')).size;

  const tenth = Math.max(1, Math.floor(PARTS / 10));
  const firstMs = partMs.slice(0, tenth).reduce((sum, ms) => sum + ms, 0) / tenth;
  const lastMs = partMs.slice(-tenth).reduce((sum, ms) => sum + ms, 0) / tenth;
  const memory = (what: string, step: { ms: number; samples: Sample[] }): ReportRow => ({
    what: `memory ${what}: 2nd quarter, last quarter`,
    raw: megabytes(quarter(step, 1)),
    ours: megabytes(quarter(step, 3)),
    ratio: (quarter(step, 3) / quarter(step, 1)).toFixed(2),
    goal: 'flat: about 1',
  });
  const all = { ms: ingestion.ms + followed.ms, samples: [...ingestion.samples] };
  for (const { at, rss } of followed.samples) all.samples.push({ at: at + ingestion.ms, rss });
  const stepSum = Object.values(stepMs).reduce((sum, ms) => sum + ms, 0);
  report(
    `${EVENTS.toLocaleString('en')} events of ${CUSTOMERS.toLocaleString('en')} customers through the whole engine; ` +
      `${(logBytes / EVENTS).toFixed(0)} bytes an event in log.db; ${availableParallelism()} cores, Node ${process.version}`,
    [
      {
        what: 'intake over HTTP while it folds: first tenth, last tenth',
        raw: perSecond(EVENTS / PARTS, firstMs),
        ours: perSecond(EVENTS / PARTS, lastMs),
        ratio: (firstMs / lastMs).toFixed(2),
        goal: 'linear: about 1',
      },
      { what: 'intake, whole', raw: '', ours: perSecond(EVENTS, intakeMs), ratio: '', goal: '(to know)' },
      {
        what: 'from the first event to the last one folded',
        raw: '',
        ours: `${seconds(all.ms)} (${perSecond(EVENTS, all.ms)})`,
        ratio: '',
        goal: '(to know)',
      },
      {
        what: 'rebuild',
        raw: '',
        ours: `${seconds(rebuilt.ms)} (${perSecond(EVENTS, rebuilt.ms)})`,
        ratio: '',
        goal: '(to know)',
      },
      memory('from the first event to the last one folded', all),
      memory('of the rebuild', rebuilt),
    ],
    [
      `the projector's time until then: ${Object.entries(stepMs)
        .map(([step, ms]) => `${step} ${Math.round((ms / stepSum) * 100)} %`)
        .join(', ')}.`,
      `memory is that of one process: heap, the log's page caches (96 MB), the database in process, and what the allocator keeps.`,
    ],
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
