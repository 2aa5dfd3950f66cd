import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBroker } from './measuring/broker.js';
import { requestFrom, nextMessage, startProgram } from './measuring/children.js';
import { descendantTimes, threadTimes } from './measuring/processor-time.js';
import { startStandalone } from './measuring/servers.js';
import { startPostgres } from './measuring/shared-stores.js';
import { milliseconds, quantile, report, type ReportRow } from './measuring/table.js';
import type { BothEnds, SeenAtBothEnds } from './processes/both-ends.js';

/**
 * Latency from a touchpoint in a topic to the stage change that it causes in `perennial.stage-changes`: the whole engine in one process, Kafka in and
 * out, touchpoints at a steady rate. In the worst case every touchpoint moves a customer: half of them come from new customers, half are the first
 * order of a customer who came a few seconds before. With `--moving 0.2` one in five moves a customer, and four are product views of known customers.
 * The time runs from the moment at which a touchpoint was due to be sent until a consumer has read the change, so a stall also counts for the
 * touchpoints that were due during it. The baseline is a second consumer that reads the touchpoint itself from its topic: Kafka's share of the time.
 *
 *     npm run bench -- kafka-latency [--per-second 500,750,1000] [--moving 1,0.2] [--postgres] [--seconds 30] [--warming 20] [--partitions 6]
 *
 * The read models are embedded; with `--postgres` they are on a server on this machine, a new one for each rate.
 */
const { values: options } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '500,750,1000' },
    moving: { type: 'string', default: '1,0.2' },
    postgres: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '30' },
    warming: { type: 'string', default: '20' },
    partitions: { type: 'string', default: '6' },
  },
});
const TOPIC = 'touchpoints.bench';
const CHANGES = 'perennial.stage-changes';
const WARMING = Number(options.warming);
const SECONDS = Number(options.seconds);
const numbers = (list: string): readonly number[] => list.split(',').map(Number);

/** The processor time of each process, as a share of one core. */
interface CoreShares {
  readonly engine: number;
  /** Parts of the engine's share: its main thread; and its busiest other thread, which is the embedded database. */
  readonly mainThread: number;
  readonly otherThread: number;
  readonly broker: number;
  readonly channel: number;
  readonly server: number;
}

const lines: ReportRow[] = [];
const limits: string[] = [];
for (const moving of numbers(options.moving))
  for (const perSecond of numbers(options['per-second'])) await measure(perSecond, moving);
report(
  `A stage change is published: ${SECONDS} s of touchpoints after ${WARMING} s untimed, the read models ${options.postgres ? 'on PostgreSQL' : 'embedded'} ` +
    `(baseline: the touchpoint is read from its own topic); ${availableParallelism()} cores, Node ${process.version}`,
  lines,
  [...limits, `broker, engine and the channel at both ends share ${availableParallelism()} cores.`],
);

async function measure(perSecond: number, moving: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
  const broker = await startBroker();
  const postgres = options.postgres ? await startPostgres() : null;
  try {
    if (options.postgres && postgres === null)
      throw new Error('PostgreSQL is not installed: leave out --postgres, or install it.');
    await broker.makeTopic(TOPIC, Number(options.partitions));
    const engine = await startStandalone(folder, {
      KAFKA_BROKERS: broker.setting,
      ...(postgres === null ? {} : { POSTGRES_URL: postgres.url }),
    });
    const channel = startProgram('bench/processes/both-ends');
    await nextMessage(channel);
    const ends: BothEnds = {
      ...{ brokers: broker.brokers, touchpoints: TOPIC, changes: CHANGES, perSecond, moving },
      ...{ warmingSeconds: WARMING, seconds: SECONDS },
    };
    await requestFrom(channel, ends);
    const [seen, shares] = await Promise.all([
      nextMessage<SeenAtBothEnds>(channel),
      coreShares(engine.child, channel, WARMING, SECONDS),
    ]);
    await engine.stop();
    note(perSecond, moving, seen, shares);
  } finally {
    await postgres?.stop();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function note(perSecond: number, moving: number, seen: SeenAtBothEnds, shares: CoreShares): void {
  const what = `${perSecond.toLocaleString('en')}/s, ${moving === 1 ? 'each moves a customer' : `${moving * 100} % of them move one`}`;
  const { changedMs, passedMs } = seen;
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
    ['max', 1],
  ] as const) {
    const raw = quantile(passedMs, share);
    const ours = quantile(changedMs, share);
    const ratio = (ours / raw).toFixed(1);
    lines.push({ what: `${what}: ${name}`, raw: milliseconds(raw), ours: milliseconds(ours), ratio, goal: '' });
  }
  // The other rates are still measured, but the benchmark has failed.
  if (seen.unseen > 0) process.exitCode = 1;
  const unseen =
    seen.unseen === 0 ? 'all of them published' : `${seen.unseen} NEVER PUBLISHED, so the engine did not keep up`;
  const cores = (share: number): string => share.toFixed(2);
  limits.push(
    `${what}: of ${seen.sent.toLocaleString('en')} touchpoints ${seen.changing.toLocaleString('en')} moved a customer, ${unseen}; cores used: engine ${cores(shares.engine)} ` +
      `(event loop ${cores(shares.mainThread)}, busiest other thread ${cores(shares.otherThread)}), broker ${cores(shares.broker)}, channel ` +
      `${cores(shares.channel)}${shares.server > 0 ? `, PostgreSQL ${cores(shares.server)}` : ''}.`,
  );
  console.error(
    `${lines
      .slice(-3)
      .map(({ what, ours }) => `${what} ${ours}`)
      .join('; ')}; ${limits.at(-1)}`,
  );
}

/** The processor time between the beginning and the end of the timed part. */
async function coreShares(
  engine: ChildProcess,
  channel: ChildProcess,
  afterSeconds: number,
  seconds: number,
): Promise<CoreShares> {
  await sleep(afterSeconds * 1_000);
  const enginePid = engine.pid ?? 0;
  const sample = () => ({ at: performance.now(), processes: descendantTimes(), threads: threadTimes(enginePid) });
  const before = sample();
  await sleep(seconds * 1_000);
  const after = sample();
  const elapsed = after.at - before.at;
  const share = (pid: number): number =>
    ((after.processes.get(pid)?.ms ?? 0) - (before.processes.get(pid)?.ms ?? 0)) / elapsed;
  const byName = (name: string): number =>
    [...after.processes].reduce((sum, [pid, found]) => sum + (found.name === name ? share(pid) : 0), 0);
  const thread = (id: number): number => ((after.threads.get(id) ?? 0) - (before.threads.get(id) ?? 0)) / elapsed;
  const others = [...after.threads.keys()].filter((id) => id !== enginePid).map(thread);
  return {
    engine: share(enginePid),
    mainThread: thread(enginePid),
    otherThread: Math.max(...others),
    broker: byName('java'),
    channel: share(channel.pid ?? 0),
    server: byName('postgres'),
  };
}
