import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from './measuring/broker.js';
import { ask, nextMessage, startProgram } from './measuring/children.js';
import { startStandalone } from './measuring/servers.js';
import { milliseconds, quantile, report, type Line } from './measuring/table.js';
import type { BothEnds, SeenAtBothEnds } from './processes/both-ends.js';

/**
 * From a touchpoint in a topic to the stage change that it causes in `perennial.stage-changes`: the whole engine in one process on its embedded
 * stores, Kafka in and out, touchpoints at a steady rate. Every touchpoint moves a customer: a half of them are somebody new, a half the first
 * order of somebody who came a few seconds before. The time runs from the moment at which a touchpoint was due to be sent until a
 * consumer has read the change, so a stall counts against whoever would have sent meanwhile. The baseline is another consumer that reads
 * the touchpoint itself from the topic it was sent to: what of that time is Kafka's.
 *
 *     npm run bench -- kafka-latency [--per-second 1000] [--seconds 30] [--warming 20] [--partitions 6]
 */
const { values: options } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '30' },
    warming: { type: 'string', default: '20' },
    partitions: { type: 'string', default: '6' },
  },
});
const PER_SECOND = Number(options['per-second']);
const TOPIC = 'touchpoints.bench';
const CHANGES = 'perennial.stage-changes';

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const broker = await startBroker();
try {
  await broker.makeTopic(TOPIC, Number(options.partitions));
  const engine = await startStandalone(folder, { KAFKA_BROKERS: broker.setting });
  const channel = startProgram('bench/processes/both-ends');
  await nextMessage(channel);
  const seen = await ask<SeenAtBothEnds>(channel, {
    ...{ brokers: broker.brokers, touchpoints: TOPIC, changes: CHANGES, perSecond: PER_SECOND },
    ...{ warmingSeconds: Number(options.warming), seconds: Number(options.seconds) },
  } satisfies BothEnds);
  await engine.stop();
  if (seen.unseen > 0) throw new Error(`Of ${seen.unseen} touchpoints no change was ever told.`);
  const { changedMs, passedMs } = seen;
  const line = (what: string, share: number): Line => {
    const raw = quantile(passedMs, share);
    const ours = quantile(changedMs, share);
    return { what, raw: milliseconds(raw), ours: milliseconds(ours), ratio: (ours / raw).toFixed(1), goal: '' };
  };
  report(
    `A stage change is told, at ${PER_SECOND.toLocaleString('en')} touchpoints/s, each of which moves a customer: ` +
      `${seen.sent.toLocaleString('en')} counted, ${seen.stageChanges.toLocaleString('en')} stage changes with those before ` +
      `(baseline: the touchpoint is read from its own topic); ${availableParallelism()} cores, Node ${process.version}`,
    [line('p50', 0.5), line('p99', 0.99), line('max', 1)],
    [
      'a page of the log is folded in one transaction, and the feeder reads what was said after it, on the one connection of the embedded database; ' +
        `broker, engine and the channel share ${availableParallelism()} cores.`,
    ],
  );
} finally {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
}
