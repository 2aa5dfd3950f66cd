// `npm run three-clients [-- TOUCHPOINTS]`: kafkajs, kcat and a Python client publish touchpoints at one time, each to a topic of its own,
// some of them twice; the engine takes them in and says what follows. Then everything must add up: what the broker holds, the fates, the log,
// what was published, and the state of a consumer that folds the stage changes.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
const { openSqliteLog } = await import('../dist/libs/event-log/src/index.js');
const { openDatabase } = await import('../dist/libs/projections/src/index.js');
await import('./from-source/register.mjs');
const { findBroker } = await import('../test/services/kafka-server.ts');
const { KAFKA_PYTHON, KCAT } = await import('../test/services/tools.ts');

const TOUCHPOINTS = Number(process.argv[2] ?? 200_000);
const CUSTOMERS = Math.max(1, Math.round(TOUCHPOINTS / 40));
const CLIENTS = ['kafkajs', 'kcat', 'python'];
const HOUR = 3_600_000;
const BEGIN = Date.UTC(2025, 0, 1);
/** Structured mode: kcat gives all messages the same headers. */
const KCAT_LINE =
  'kcat -P -b "$1" -t "$2" -K "|" -X enable.idempotence=true -H content-type=application/cloudevents+json -l "$3"';
const STAGE_CHANGES = 'perennial.stage-changes';

const missing = [KCAT.missing, KAFKA_PYTHON.missing].filter((reason) => reason !== null);
const found = await findBroker();
if (typeof found === 'string') missing.push(found);
if (missing.length > 0) {
  console.error(`NOT RUN: ${missing.join('; ')}.`);
  process.exit(1);
}

/** The nth touchpoint of a client: all three of them speak of the same customers. Every hundredth is the one before, again. */
function touchpoint(client, n) {
  const at = n % 100 === 99 ? n - 1 : n;
  const order = at % 3 === 0;
  const data = order ? { orderId: `${client}-${at}`, currency: 'EUR', totalMinor: 1_000 + (at % 7_000) } : {};
  return {
    specversion: '1.0',
    id: `${client}-${at}`,
    source: `by-${client}`,
    type: order ? 'order-placed' : 'site-visited',
    channel: 'web',
    time: new Date(BEGIN + Math.floor(at / CUSTOMERS) * 30 * HOUR + CLIENTS.indexOf(client) * HOUR).toISOString(),
    subject: `userId:u${(at * 7_919) % CUSTOMERS}`,
    data,
  };
}
const each = (client) =>
  Math.floor(TOUCHPOINTS / CLIENTS.length) + (client === 'kafkajs' ? TOUCHPOINTS % CLIENTS.length : 0);

const scratch = mkdtempSync(join(tmpdir(), 'perennial-three-clients-'));
const data = join(scratch, 'data');
let engine = null;
let kafka = null;
try {
  for (const client of ['kcat', 'python']) await write(client);
  kafka = await found.start();
  const brokers = kafka.brokers.join(',');
  const client = new kafkajs.Kafka({ brokers: [...kafka.brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: CLIENTS.map((name) => ({ topic: topicOf(name), numPartitions: 6 })) });
  engine = await startEngine({ KAFKA_BROKERS: brokers });

  const began = performance.now();
  const took = await Promise.all([
    timed(() => publishByKafkajs(client)),
    timed(() => run('sh', ['-c', KCAT_LINE, 'sh', brokers, topicOf('kcat'), join(scratch, 'kcat.txt')])),
    timed(() =>
      run(KAFKA_PYTHON.program, [
        join(root, 'scripts/three-clients/publish.py'),
        brokers,
        topicOf('python'),
        join(scratch, 'python.txt'),
      ]),
    ),
  ]);
  const published = Object.fromEntries(
    await Promise.all(CLIENTS.map(async (name) => [name, await messagesOf(admin, topicOf(name))])),
  );
  await until(async () => {
    const fates = await ask('/v1/query/fates?limit=1000');
    return sum(fates.rows, 'received') >= TOUCHPOINTS;
  });
  const takenMs = performance.now() - began;
  await until(async () => {
    const { lag, dirty } = await ask('/v1/projections/status');
    return lag === 0 && dirty === 0;
  });
  const foldedMs = performance.now() - began;
  const { rows: fates } = await ask('/v1/query/fates?limit=1000');
  // All is told once nothing new comes any more.
  let told = -1;
  await until(async () => {
    const now = await messagesOf(admin, STAGE_CHANGES);
    const still = now === told;
    told = now;
    return still;
  }, 2_000);
  const changes = await readAll(client, STAGE_CHANGES, told);
  await admin.disconnect();
  await engine.stop();
  engine = null;

  const inLog = await countLog();
  const models = await readModels();
  const state = addedUp(changes);
  const expected = (name) => new Set(Array.from({ length: each(name) }, (_, n) => touchpoint(name, n).id)).size;
  const checks = CLIENTS.flatMap((name) => {
    const mine = fates.filter(({ source }) => source === `by-${name}`);
    return [
      [`${name}: messages that the broker holds`, published[name], each(name)],
      [`${name}: received`, sum(mine, 'received'), each(name)],
      [`${name}: accepted, each name once`, sum(mine, 'accepted'), expected(name)],
      [`${name}: duplicates`, sum(mine, 'duplicate'), each(name) - expected(name)],
      [`${name}: touchpoints in the log`, inLog.get(`by-${name}`)?.size ?? 0, expected(name)],
    ];
  });
  checks.push(
    ['stage changes published, all of them told', new Set(changes.map(({ id }) => id)).size, models.published],
    ['visits begun and ended, added up by a consumer', state.length, models.facts.length],
    [
      'of them as the engine has them',
      state.filter((fact, at) => fact === models.facts[at]).length,
      models.facts.length,
    ],
  );
  for (const [what, is, shouldBe] of checks)
    console.log(
      `${is === shouldBe ? 'ok    ' : 'WRONG '} ${what.padEnd(50)} ${String(is).padStart(9)}${is === shouldBe ? '' : `, not ${shouldBe}`}`,
    );
  console.log(
    `\n${TOUCHPOINTS.toLocaleString('en')} touchpoints of ${CUSTOMERS.toLocaleString('en')} customers: published in ` +
      CLIENTS.map((name, at) => `${(took[at] / 1_000).toFixed(1)} s (${name})`).join(', ') +
      `; all in the log after ${(takenMs / 1_000).toFixed(1)} s, all folded after ${(foldedMs / 1_000).toFixed(1)} s.`,
  );
  process.exitCode = checks.every(([, is, shouldBe]) => is === shouldBe) ? 0 : 1;
} finally {
  await engine?.stop();
  await kafka?.remove();
  rmSync(scratch, { recursive: true, force: true });
}

function topicOf(client) {
  return `touchpoints.${client}`;
}

async function write(client) {
  const file = createWriteStream(join(scratch, `${client}.txt`));
  for (let n = 0; n < each(client); n += 1) {
    const event = touchpoint(client, n);
    const line = client === 'kcat' ? `${event.subject}|${JSON.stringify(event)}\n` : `${JSON.stringify(event)}\n`;
    if (!file.write(line)) await new Promise((drained) => file.once('drain', drained));
  }
  await new Promise((written) => file.end(written));
}

async function publishByKafkajs(client) {
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let n = 0; n < each('kafkajs'); n += 1_000) {
    const messages = Array.from({ length: Math.min(1_000, each('kafkajs') - n) }, (_, at) => {
      const { data: value, ...attributes } = touchpoint('kafkajs', n + at);
      const headers = Object.fromEntries(Object.entries(attributes).map(([name, text]) => [`ce_${name}`, text]));
      return {
        key: attributes.subject,
        value: JSON.stringify(value),
        headers: { ...headers, 'content-type': 'application/json' },
      };
    });
    await producer.send({ topic: topicOf('kafkajs'), messages });
  }
  await producer.disconnect();
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function run(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((ended) => child.once('exit', ended));
  if (code !== 0) throw new Error(`${program} ended with ${code}.`);
}

async function startEngine(environment) {
  const child = spawn(process.execPath, [join(root, 'dist/apps/standalone/src/main.js')], {
    cwd: root,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      DATA_DIR: data,
      PORT: '0',
      DEMO: 'off',
      LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until(() => {
    if (child.exitCode !== null) throw new Error('The engine did not start.');
    return Promise.resolve(existsSync(join(data, 'engine.json')));
  });
  const { url, token } = JSON.parse(readFileSync(join(data, 'engine.json'), 'utf8'));
  return {
    ...{ url, token },
    stop: async () => {
      const gone = new Promise((ended) => child.once('exit', ended));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function ask(path) {
  const answer = await fetch(`${engine.url}${path}`, { headers: { authorization: `Bearer ${engine.token}` } });
  return answer.json();
}

async function until(holds, everyMs = 200) {
  while (!(await holds())) await sleep(everyMs);
}

async function messagesOf(admin, topic) {
  const partitions = await admin.fetchTopicOffsets(topic);
  return partitions.reduce((all, { high, low }) => all + Number(high) - Number(low), 0);
}

async function readAll(client, topic, count) {
  const consumer = client.consumer({ groupId: 'three-clients' });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const read = [];
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { headers, value } of batch.messages)
        read.push({ id: String(headers.ce_id), ...JSON.parse(String(value)) });
    },
  });
  await until(() => Promise.resolve(read.length >= count));
  await consumer.disconnect();
  return read;
}

/** What a consumer believes that adds up what began and ended, and takes back what was retracted. */
function addedUp(changes) {
  const stands = new Map();
  const seen = new Set();
  for (const { id, customerId, publication, kind, retracts, cycle, stage, phase, at } of changes) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (kind === 'retracted') stands.delete(`${customerId} ${retracts}`);
    else
      stands.set(`${customerId} ${publication}`, `${customerId} ${kind} ${cycle} ${stage} ${phase} ${Date.parse(at)}`);
  }
  return [...stands.values()].sort();
}

async function readModels() {
  const database = await openDatabase({ kind: 'pglite', folder: join(data, 'readmodels') });
  const [live] = await database.query(`SELECT schema_name FROM perennial.versions WHERE status = 'live'`);
  const [counted] = await database.query('SELECT count(*)::int AS published FROM perennial.published');
  const visits = await database.query(
    `SELECT customer_id, cycle, stage, phase, entered_at, left_at FROM ${live.schema_name}.visits`,
  );
  await database.close();
  const fact = (visit, kind, at) => `${visit.customer_id} ${kind} ${visit.cycle} ${visit.stage} ${visit.phase} ${at}`;
  const facts = visits.flatMap((visit) => [
    fact(visit, 'entered', visit.entered_at),
    ...(visit.left_at === null ? [] : [fact(visit, 'left', visit.left_at)]),
  ]);
  return { published: counted.published, facts: facts.sort() };
}

/** The names of each source's touchpoints, as the log holds them. */
async function countLog() {
  const log = await openSqliteLog({ file: join(data, 'log.db') });
  const names = new Map();
  for await (const page of log.readAll(0))
    for (const { source, id, stream } of page) {
      if (!stream.startsWith('subject-')) continue;
      const ids = names.get(source) ?? new Set();
      if (ids.has(id)) throw new Error(`${source} ${id} stands twice in the log.`);
      names.set(source, ids.add(id));
    }
  await log.close();
  return names;
}

function sum(rows, column) {
  return rows.reduce((all, row) => all + row[column], 0);
}
