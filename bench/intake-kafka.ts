import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBroker, type BenchBroker } from './measuring/broker.js';
import { requestFrom, nextMessage, startProgram, stopProgram } from './measuring/children.js';
import { startIntake } from './measuring/servers.js';
import { shopMessages, type MessageForm } from './measuring/shop-messages.js';
import { median, percent, perSecond, report, type ReportRow } from './measuring/table.js';
import { shares, type Usage } from './measuring/usage.js';
import type { BareConsumption } from './processes/bare-consumer.js';
import type { IngestionProgress } from './processes/intake-server.js';

/**
 * Ingestion from Kafka against kafkajs and SQLite alone: a bare consumer of the same topic writes the rows that our ingestion stored, prepared
 * in memory, into the same tables with the same indexes, WAL and synchronous=FULL, each batch of kafkajs in one commit, before
 * its offset is committed. It neither reads JSON nor validates, identifies, seals, hashes or deduplicates. Each is a process of its own, one after the other;
 * the broker is on the same machine. The topic is filled before either starts: it is read at full speed.
 *
 * Forms: our own JSON, and CloudEvents in binary, structured and batch mode (ten events a message).
 *
 *     npm run bench -- intake-kafka [--events 200000] [--warming 100000] [--rounds 3] [--partitions 6] [--forms json,binary]
 */
const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    warming: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    partitions: { type: 'string', default: '6' },
    forms: { type: 'string', default: 'json,binary' },
  },
});
const EVENTS = Number(options.events);
/** Ingested by both before the measurement, so that their code is compiled. */
const UNTIMED = Number(options.warming);
const ROUNDS = Number(options.rounds);
const PARTITIONS = Number(options.partitions);
const GOAL = 0.6;
const LABELS: Readonly<Record<MessageForm, string>> = {
  json: 'JSON',
  binary: 'CloudEvents, binary mode',
  structured: 'CloudEvents, structured mode',
  batch: 'CloudEvents, batches of ten',
};
const POLL_MS = 10;
const GIVE_UP_MS = 300_000;

/** What the measured events cost. */
interface Measurement {
  readonly ms: number;
  readonly events: number;
  readonly cpu: number;
  readonly mainThread: number;
  readonly cpuUs: number;
}

/** Polls a process while it ingests: from the first poll at which it was warm until all events are ingested. */
async function observe(poll: () => Promise<IngestionProgress>): Promise<Measurement> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  let warm: IngestionProgress | null = null;
  for (;;) {
    const now = await poll();
    if (warm === null && now.taken >= UNTIMED) warm = now;
    if (warm !== null && now.taken >= UNTIMED + EVENTS) return between(warm, now);
    if (performance.now() > giveUpAt)
      throw new Error(`${now.taken} of ${UNTIMED + EVENTS} events were ingested in time.`);
    await sleep(POLL_MS);
  }
}

function between(before: IngestionProgress, after: IngestionProgress): Measurement {
  const events = after.taken - before.taken;
  const used: [Usage, Usage] = [before, after];
  const cpuUs = ((after.cpuMs - before.cpuMs) * 1_000) / events;
  return { ms: after.wallMs - before.wallMs, events, cpuUs, ...shares(...used) };
}

async function ours(broker: BenchBroker, topic: string, dataDir: string): Promise<Measurement> {
  const kafka = { KAFKA_BROKERS: broker.setting, KAFKA_TOPICS: topic, KAFKA_GROUP: randomUUID() };
  const server = await startIntake(dataDir, kafka);
  try {
    return await observe(() => requestFrom<IngestionProgress>(server.child, 'progress'));
  } finally {
    await server.stop();
  }
}

async function bare(broker: BenchBroker, topic: string, stored: string, file: string): Promise<Measurement> {
  const child = startProgram('bench/processes/bare-consumer');
  await nextMessage(child);
  const { brokers } = broker;
  await requestFrom(child, { brokers, topic, group: randomUUID(), stored, file } satisfies BareConsumption);
  try {
    return await observe(() => requestFrom<IngestionProgress>(child, 'progress'));
  } finally {
    await stopProgram(child);
    if (child.exitCode !== 0) throw new Error('The bare consumer did not write every row.');
  }
}

async function fill(broker: BenchBroker, topic: string, form: MessageForm): Promise<void> {
  await broker.makeTopic(topic, PARTITIONS);
  const all = UNTIMED + EVENTS;
  const shop = { shop: 'bench', customers: Math.max(1, Math.ceil(all / 50)), until: Date.now() };
  const producer = broker.channels.producer();
  for (let from = 0; from < all; from += 5_000) {
    const count = Math.min(5_000, all - from);
    await producer.send(shopMessages(from, count, topic, form, shop));
  }
  await producer.close();
}

const lines: ReportRow[] = [];
const limits: string[] = [];
const broker = await startBroker();
try {
  for (const form of options.forms.split(',') as MessageForm[]) {
    const topic = `touchpoints.bench-${form}`;
    await fill(broker, topic, form);
    const rounds: { readonly ours: Measurement; readonly raw: Measurement }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
      try {
        const dataDir = join(folder, 'data');
        mkdirSync(dataDir);
        const seen = await ours(broker, topic, dataDir);
        const raw = await bare(broker, topic, join(dataDir, 'log.db'), join(folder, 'raw.db'));
        rounds.push({ ours: seen, raw });
        const rate = ({ events, ms }: Measurement) => perSecond(events, ms);
        console.error(`${LABELS[form]}, round ${round + 1}: ours ${rate(seen)}, bare ${rate(raw)}`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    const perEvent = ({ ms, events }: Measurement): number => ms / events;
    const ratios = rounds.map((round) => perEvent(round.raw) / perEvent(round.ours));
    const of = (figure: (round: (typeof rounds)[number]) => number): number => median(rounds.map(figure));
    lines.push({
      what: `${LABELS[form]}, ${PARTITIONS} partitions`,
      raw: perSecond(
        1,
        of(({ raw }) => perEvent(raw)),
      ),
      ours: perSecond(
        1,
        of(({ ours }) => perEvent(ours)),
      ),
      ratio: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
      goal: `≥ ${GOAL}`,
    });
    limits.push(
      `${LABELS[form]}: our event loop was busy ${percent(of(({ ours }) => ours.mainThread))} of the time, our process used ` +
        `${of(({ ours }) => ours.cpu).toFixed(2)} cores (${of(({ ours }) => ours.cpuUs).toFixed(0)} µs an event); the bare consumer ` +
        `${of(({ raw }) => raw.cpu).toFixed(2)} (${of(({ raw }) => raw.cpuUs).toFixed(0)} µs). The broker shares the ${availableParallelism()} cores.`,
    );
  }
} finally {
  await broker.stop();
}
report(
  `Ingestion from Kafka: ${EVENTS.toLocaleString('en')} events after ${UNTIMED.toLocaleString('en')} untimed, the median of ${ROUNDS} rounds; ` +
    `${availableParallelism()} cores, Node ${process.version}`,
  lines,
  limits,
);
