import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MemoryIdTable, moveLog, openEventStoreLog, type AppendItem, type EventLog, type Positions } from '#event-log';
import { startFakeServerProcess } from '../test/services/eventstore/fake-server-process.js';
import { BareServer, bareEvent, neighbours, type Group } from './measuring/bare-eventstore.js';
import { nextMessage, requestFrom, startProgram } from './measuring/children.js';
import { inTurn, perEventRow, timed, type Alternating } from './measuring/in-turn.js';
import { startStandalone, type Server } from './measuring/servers.js';
import { HASH_KEY, openFolder, simulateInto } from './measuring/simulated-log.js';
import { median, milliseconds, perSecond, quantile, report, seconds, type ReportRow } from './measuring/table.js';
import type { SteadilyLoaded, SteadyLoad } from './processes/steady-loader.js';

/**
 * The engine on EventStoreDB beside the bare server: the same events through the stubs that are generated from the server's protocol, with no
 * lookup and no retry, in the same run and in turn. Without an address, the fake server in a process of its own, which commits up to 256 appends
 * together every 3 ms: a check that the benchmark runs, not a measure of a server. The server may hold other logs; nothing is deleted.
 *
 *     npm run bench -- eventstore [--url 'esdb://127.0.0.1:2113?tls=false'] [--events 20000] [--rounds 3] [--seconds 15] [--only move]
 */
const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    events: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '15' },
    only: { type: 'string' },
  },
});
const EVENTS = Number(options.events);
const ROUNDS = Number(options.rounds);
/** What a simulated customer does in two years, about. */
const TOUCHPOINTS_EACH = 56;
/** Callers of `appendMany` at the same time, and events of one call: as the imports of a file and of Kafka. */
const CALLERS = 4;
const BATCH = 500;
const FRESHNESS_PER_SECOND = 200;
const STEP_MAX_MS = 60 * 60_000;

const PARTS = ['new-streams', 'customers', 'move', 'streams', 'rebuild', 'freshness'] as const;
type Part = (typeof PARTS)[number];
const { only } = options;
if (only !== undefined && !(PARTS as readonly string[]).includes(only))
  throw new Error(`--only must be one of ${PARTS.join(', ')} (got "${only}").`);
const wanted = (part: Part): boolean => only === undefined || only === part;

const fake = options.url === undefined ? await startFakeServerProcess({ commits: { everyMs: 3, atMost: 256 } }) : null;
const url = (options.url ?? fake?.connectionString ?? '').replace(/#.*$/s, '');
const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const bare = await BareServer.connect(url);
const rows: ReportRow[] = [];
const limits: string[] = [];

/** What processor time this process took for an event, by who did the work: on a busy machine it says more than a rate. */
class Usage {
  readonly #cpuMs = new Map<string, number[]>();

  constructor(private readonly events: number) {}

  add(name: string, cpuMs: number): void {
    this.#cpuMs.set(name, [...(this.#cpuMs.get(name) ?? []), cpuMs]);
  }

  toString(): string {
    const each = [...this.#cpuMs].map(
      ([name, ms]) => `${name} ${Math.round((median(ms) * 1_000) / this.events)} µs an event`,
    );
    return `processor time of this process, ${each.join(', ')} (making the events included).`;
  }
}

/** Each measurement has a log of its own. */
const newName = (): string => `bench-${randomUUID().slice(0, 8)}`;
const openLog = (name: string) => openEventStoreLog({ connectionString: url, ids: new MemoryIdTable(), name });
const prefixed = (groups: readonly Group[], name: string): Group[] =>
  groups.map(({ stream, events }) => ({ stream: `${name}.${stream}`, events }));

/** Appends in calls of 500, by a few callers at the same time; ingestion needs no exact positions unless its answer lists them. */
async function appendThrough(log: EventLog, items: readonly AppendItem[], positions: Positions): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (next < items.length) {
        const batch = items.slice(next, next + BATCH);
        next += BATCH;
        const verdicts = await log.appendMany(batch, [], { positions });
        const other = verdicts.find(({ status }) => status !== 'accepted');
        if (other !== undefined) throw new Error(`An event was not accepted: ${JSON.stringify(other)}`);
      }
    }),
  );
}

/** The items under other event ids, in a log of their own: a server recognises ids that it saw lately. */
const renamed = (items: readonly AppendItem[], stream?: (index: number) => string): AppendItem[] => {
  const round = randomUUID().slice(0, 8);
  return items.map((item, index) => ({
    stream: stream?.(index) ?? item.stream,
    event: { ...item.event, id: `${round}-${index}` },
  }));
};

const appended =
  (items: () => readonly AppendItem[], positions: Positions = 'not-below'): (() => Promise<number>) =>
  async () => {
    const events = items();
    const log = await openLog(newName());
    const ms = await timed(() => appendThrough(log, events, positions));
    await log.close();
    return ms;
  };

async function get<T>({ url: engine, token }: Server, path: string, method = 'GET'): Promise<T> {
  const response = await fetch(`${engine}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + STEP_MAX_MS;
  while (!(await done())) {
    if (performance.now() > giveUpAt) throw new Error(`A step was not done within ${seconds(STEP_MAX_MS)}.`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

try {
  const data = await openFolder(folder);
  await simulateInto(data, Math.max(1, Math.round(EVENTS / TOUCHPOINTS_EACH)));
  const items: AppendItem[] = [];
  for await (const page of data.log.readAll(0, { with: 'contentHash' }))
    for (const { contentHash, stream, ...event } of page)
      if (contentHash !== undefined) items.push({ stream, event: { ...event, contentHash } });
  const touchpoints = items.filter(({ stream }) => stream.startsWith('subject-'));
  console.error(
    `${items.length} events, ${touchpoints.length} of them touchpoints, at ${url.replace(/\/\/[^@/]*@/, '//')}`,
  );

  if (wanted('new-streams')) {
    const alone = () => renamed(touchpoints, (index) => `new-${index}`);
    const bareAt = (inFlight: number) => () => bare.append(neighbours(alone(), `${newName()}.`), inFlight);
    const usage = new Usage(touchpoints.length);
    const taken = await inTurn(
      ROUNDS,
      { '128': bareAt(128), '256': bareAt(256), ours: appended(alone) },
      (name, cpuMs) => usage.add(name === 'ours' ? 'ours' : 'bare', cpuMs),
    );
    limits.push(`new streams: ${usage.toString()}`);
    const best = median(taken['256']) <= median(taken['128']) ? '256' : '128';
    rows.push(
      perEventRow(`one event per append, each to a new stream (bare: ${best} in flight)`, touchpoints.length, {
        ...{ raw: taken[best], ours: taken.ours, goal: '≥ 0.6' },
      }),
    );
  }

  if (wanted('customers')) {
    // As one call of ours groups them: the events of a stream within a batch make one append.
    const grouped = (all: readonly AppendItem[]): Group[] => {
      const groups: Group[] = [];
      for (let at = 0; at < all.length; at += BATCH) {
        const byStream = new Map<string, AppendItem[]>();
        for (const item of all.slice(at, at + BATCH))
          byStream.set(item.stream, [...(byStream.get(item.stream) ?? []), item]);
        for (const [stream, its] of byStream) groups.push({ stream, events: its.map(bareEvent) });
      }
      return groups;
    };
    const usage = new Usage(touchpoints.length);
    const taken = await inTurn(
      ROUNDS,
      {
        raw: () => bare.append(prefixed(grouped(renamed(touchpoints)), newName()), 256),
        ours: appended(() => renamed(touchpoints)),
        exact: appended(() => renamed(touchpoints), 'exact'),
      },
      (name, cpuMs) => usage.add(name === 'raw' ? 'bare' : name, cpuMs),
    );
    const streams = new Set(touchpoints.map(({ stream }) => stream)).size.toLocaleString('en');
    const { raw, ours, exact } = taken;
    rows.push(
      perEventRow(`touchpoints in ${streams} streams of customers`, touchpoints.length, { raw, ours, goal: '≥ 0.6' }),
      perEventRow('… each with its own position', touchpoints.length, { raw, ours: exact, goal: '' }),
    );
    limits.push(`customers: ${usage.toString()}`);
  }

  // The log of the rows below: the last that was moved.
  let moved = newName();
  const moveIt = async (): Promise<{ readonly copying: number; readonly whole: number }> => {
    moved = newName();
    const to = await openLog(moved);
    const begun = performance.now();
    let copiedAt = begun;
    await moveLog({
      from: data.log,
      to,
      onProgress: ({ step }) => {
        if (step === 'copying') copiedAt = performance.now();
      },
    });
    const ended = performance.now();
    await to.close();
    return { copying: copiedAt - begun, whole: ended - begun };
  };
  let before = await bare.end();
  if (wanted('move')) {
    const wholes: number[] = [];
    const taken = await inTurn(ROUNDS, {
      raw: () => bare.append(neighbours(renamed(items), `${newName()}.`), 512),
      ours: async () => {
        before = await bare.end();
        const { copying, whole } = await moveIt();
        wholes.push(whole);
        return copying;
      },
    });
    rows.push(
      perEventRow('move: copying (bare: 512 in flight, order kept)', items.length, { ...taken, goal: '≥ 0.6' }),
      perEventRow('move: copying and reading back', items.length, { raw: taken.raw, ours: wholes, goal: '' }),
    );
  } else await moveIt();

  if (wanted('streams')) {
    const names = [...new Set(touchpoints.map(({ stream }) => stream))];
    const full = names.map((name) => `${moved}.${name}`);
    const counts = new Map<number, number[]>();
    for (let round = 0; round < ROUNDS; round += 1)
      for (const inFlight of [8, 32, 64])
        counts.set(inFlight, [...(counts.get(inFlight) ?? []), (await bare.readStreams(full, inFlight, 20)).ms]);
    for (const [inFlight, ms] of counts)
      rows.push({
        ...{ what: `the last 20 events of each stream, ${inFlight} in flight`, ours: '–', ratio: '', goal: '' },
        raw: perSecond(names.length, median(ms)).replace('/s', ' streams/s'),
      });
    const log = await openLog(moved);
    const taken = await inTurn(ROUNDS, {
      raw: async () => (await bare.readStreams(full, 32)).ms,
      ours: () =>
        timed(async () => {
          let read = 0;
          for (let at = 0; at < names.length; at += BATCH)
            read += (await log.readStreams(names.slice(at, at + BATCH))).length;
          if (read !== touchpoints.length) throw new Error(`${read} of ${touchpoints.length} events were read.`);
        }),
    });
    await log.close();
    rows.push(perEventRow('whole streams (bare: 32 in flight)', touchpoints.length, { ...taken, goal: '' }));
  }

  if (wanted('rebuild')) {
    const log = await openLog(moved);
    const readBare = async (): Promise<number> => {
      const { events, ms } = await bare.readAll(before);
      if (events < items.length) throw new Error(`Only ${events} of ${items.length} events were read.`);
      return ms;
    };
    const read = await inTurn(ROUNDS, {
      raw: readBare,
      ours: () =>
        timed(async () => {
          for await (const page of log.readAll(0)) void page;
        }),
    } satisfies Alternating<'raw' | 'ours'>);
    rows.push(perEventRow('$all read forwards (ours: readAll)', items.length, { ...read, goal: '' }));
    await log.close();
  }
  await data.close();

  if (wanted('rebuild') || wanted('freshness')) {
    const engine = await startStandalone(folder, {
      EVENT_LOG: `${url}#${moved}`,
      HASH_KEY: Buffer.from(HASH_KEY).toString('hex'),
    });
    interface Status {
      readonly position: number;
      readonly lag: number;
      readonly dirty: number;
    }
    const caughtUp = () =>
      until(async () => {
        const { lag, dirty, position } = await get<Status>(engine, '/v1/projections/status');
        return position > 0 && lag === 0 && dirty === 0;
      });
    try {
      await caughtUp();
      if (wanted('rebuild')) {
        const taken = await inTurn(ROUNDS, {
          raw: async () => (await bare.readAll(before)).ms,
          ours: () =>
            timed(async () => {
              await get(engine, '/v1/projections/rebuild', 'POST');
              await until(async () => {
                const job = await get<{ state: string; failure: string | null }>(
                  engine,
                  '/v1/projections/jobs/current',
                );
                if (job.state === 'failed') throw new Error(`The rebuild failed: ${job.failure ?? ''}`);
                return job.state === 'done';
              });
            }),
        });
        const [raw, ours] = [median(taken.raw), median(taken.ours)];
        rows.push({
          what: `rebuild of ${items.length.toLocaleString('en')} events (bare: one read of $all)`,
          ...{ raw: seconds(raw), ours: seconds(ours), ratio: `${(ours / raw).toFixed(1)} times`, goal: '≤ 2.5 times' },
        });
      }
      if (wanted('freshness')) {
        const load = async (duration: number, first: number): Promise<SteadilyLoaded> => {
          const loader = startProgram('bench/processes/steady-loader');
          await nextMessage(loader);
          return requestFrom<SteadilyLoaded>(loader, {
            ...{ url: engine.url, token: engine.token, first, perSecond: FRESHNESS_PER_SECOND, batch: 1 },
            ...{ seconds: duration, customers: 1_000, probesPerSecond: 10, askEveryMs: 5 },
          } satisfies SteadyLoad);
        };
        const duration = Number(options.seconds);
        const warming = Math.ceil(duration / 2);
        await load(warming, 0);
        const { visibleMs, acknowledgedMs, unseen } = await load(duration, warming * FRESHNESS_PER_SECOND);
        if (unseen > 0) throw new Error(`${unseen} events were never seen.`);
        for (const [name, share, goal] of [
          ['p50', 0.5, ''],
          ['p99', 0.99, '≤ 100 ms'],
        ] as const) {
          const raw = quantile(acknowledgedMs, share);
          const ours = quantile(visibleMs, share);
          rows.push({
            what: `a touchpoint is visible, at ${FRESHNESS_PER_SECOND} events/s, ${name} (bare: acknowledged)`,
            ...{ raw: milliseconds(raw), ours: milliseconds(ours), ratio: (ours / raw).toFixed(2), goal },
          });
        }
      }
    } finally {
      await engine.stop();
    }
  }

  report(
    `The engine on ${fake === null ? 'EventStoreDB' : 'the fake server (commits of up to 256 appends every 3 ms)'}, ${ROUNDS} rounds in turn; ` +
      `${availableParallelism()} cores, Node ${process.version}`,
    rows,
    [
      fake === null
        ? 'server and client on the same machine share its cores.'
        : 'the fake server is JavaScript on the same cores: compare ratios, and only with runs of this kind.',
      ...limits,
    ],
  );
} finally {
  await bare.close();
  await fake?.stop();
  rmSync(folder, { recursive: true, force: true });
}
