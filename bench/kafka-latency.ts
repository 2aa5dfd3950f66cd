import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBroker } from './measuring/broker.js';
import { runQuery, nextMessage, startProgram } from './measuring/children.js';
import { descendantTimes, threadTimes } from './measuring/processor-time.js';
import { startStandalone } from './measuring/servers.js';
import { startPostgres } from './measuring/shared-stores.js';
import { milliseconds, quantile, report, type ReportRow } from './measuring/table.js';
import type { BothEnds, SeenAtBothEnds } from './processes/both-ends.js';

/**
 * From a touchpoint in a topic to the stage change that it causes in `perennial.stage-changes`: the whole engine in one process, Kafka in and
 * out, touchpoints at a steady rate. At worst every touchpoint moves a customer: half of them are new customers, half the first order of
 * a customer who came a few seconds before. With `--moving 0.2` one in five does, and four are looks of customers who are known. The time runs from
 * the moment at which a touchpoint was due to be sent until a consumer has read the change, so a delay counts for every touchpoint that would have
 * sent in the meantime. The baseline is another consumer that reads the touchpoint itself from the topic it was sent to: what of that time is Kafka's.
 *
 *     npm run bench -- kafka-latency [--per-second 500,750,1000] [--moving 1,0.2] [--postgres] [--seconds 30] [--warming 20] [--partitions 6]
 *
 * The read models are the embedded ones; with `--postgres` they lie on a server of this machine, one for each rate.
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

/** What each process took of the processors, as shares of one core. */
interface IngestResult {
  readonly engine: number;
  /** Of the engine's: what it does itself, in its main thread; and the thread that is busiest beside it: the embedded database. */
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
  `A stage change is told: ${SECONDS} s of touchpoints after ${WARMING} s untimed, the read models ${options.postgres ? 'on PostgreSQL' : 'embedded'} ` +
    `(baseline: the touchpoint is read from its own topic); ${availableParallelism()} cores, Node ${process.version}`,
  lines,
  [...limits, `broker, engine and the channel at both ends share ${availableParallelism()} cores.`],
);

async function measure(perSecond: number, moving: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
  const broker = await startBroker();
  const postgres = options.postgres ? await startPostgres() : null;
  try {
    if (options.postgres && postgres === null) throw new Error('There is no PostgreSQL here.');
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
    await runQuery(channel, ends);
    const [seen, taken] = await Promise.all([
      nextMessage<SeenAtBothEnds>(channel),
      takenBy(engine.child, channel, WARMING, SECONDS),
    ]);
    await engine.stop();
    note(perSecond, moving, seen, taken);
  } finally {
    await postgres?.stop();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function note(perSecond: number, moving: number, seen: SeenAtBothEnds, taken: IngestResult): void {
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
  // The other rates are measured nevertheless; but it has failed.
  if (seen.unseen > 0) process.exitCode = 1;
  const untold = seen.unseen === 0 ? 'all of them told' : `${seen.unseen} NEVER TOLD, so it was not kept up with`;
  const cores = (share: number): string => share.toFixed(2);
  limits.push(
    `${what}: of ${seen.sent.toLocaleString('en')} touchpoints ${seen.changing.toLocaleString('en')} moved a customer, ${untold}; cores taken: engine ${cores(taken.engine)} ` +
      `(event loop ${cores(taken.mainThread)}, the thread busiest beside it ${cores(taken.otherThread)}), broker ${cores(taken.broker)}, channel ` +
      `${cores(taken.channel)}${taken.server > 0 ? `, PostgreSQL ${cores(taken.server)}` : ''}.`,
  );
  console.error(
    `${lines
      .slice(-3)
      .map(({ what, ours }) => `${what} ${ours}`)
      .join('; ')}; ${limits.at(-1)}`,
  );
}

/** Looks at the processes twice: when what counts begins, and when it ends. */
async function takenBy(
  engine: ChildProcess,
  channel: ChildProcess,
  afterSeconds: number,
  seconds: number,
): Promise<IngestResult> {
  await sleep(afterSeconds * 1_000);
  const enginePid = engine.pid ?? 0;
  const look = () => ({ at: performance.now(), processes: descendantTimes(), threads: threadTimes(enginePid) });
  const before = look();
  await sleep(seconds * 1_000);
  const after = look();
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
