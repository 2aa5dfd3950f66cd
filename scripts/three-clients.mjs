// `npm run three-clients [-- [--rough] TOUCHPOINTS]`: kafkajs, kcat and a Python client publish touchpoints at one time, each to a topic of its
// own, some of them twice; the engine takes them in and says what follows. Then everything must add up: what the broker holds, the outcomes, the log,
// what was published, and the states of consumers that fold stage changes, profiles and actions. With --rough they take some minutes to publish, and
// in the meantime the engine is killed again and again, the broker is killed once and restarted once, and its group rebalances every few seconds.
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
const { findBroker, untilReady } = await import('../test/services/kafka-server.ts');
const { KAFKA_PYTHON, KCAT } = await import('../test/services/tools.ts');

const ROUGH = process.argv.includes('--rough');
const TOUCHPOINTS = Number(process.argv.slice(2).find((argument) => argument !== '--rough') ?? 200_000);
const CUSTOMERS = Math.max(1, Math.round(TOUCHPOINTS / 40));
const CLIENTS = ['kafkajs', 'kcat', 'python'];
const HOUR = 3_600_000;
const ROUNDS = Math.ceil(TOUCHPOINTS / CLIENTS.length / CUSTOMERS);
/** The last things happened within the hour: so that what follows from them is still to be done. */
const BEGIN = Date.now() - (ROUNDS - 1) * 30 * HOUR - (CLIENTS.length + 1) * HOUR;
/** Publishing takes so long, for it to be disturbed in the meantime. */
const PACE_MS = ROUGH ? Math.round(150_000 / Math.max(1, TOUCHPOINTS / CLIENTS.length / 1_000)) : 0;
const RETRY = ROUGH ? { retries: 100, initialRetryTime: 200, maxRetryTime: 2_000 } : {};
/** Structured mode: kcat gives all messages the same headers. */
const KCAT_ARGS = [
  ...['-P', '-K', '|', '-X', 'enable.idempotence=true', '-X', 'message.timeout.ms=300000'],
  // It goes on while its brokers are away.
  ...['-H', 'content-type=application/cloudevents+json', '-E', '-q'],
];
const STAGE_CHANGES = 'perennial.stage-changes';
const PROFILES = 'perennial.customers';
const ACTIONS = 'perennial.actions';
const FEEDS = [STAGE_CHANGES, PROFILES, ACTIONS, 'perennial.identity'];

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
  const customer = (at * 7_919) % CUSTOMERS;
  // In the last round some allow what a channel then should do.
  const consent = !order && at >= (ROUNDS - 1) * CUSTOMERS && customer % 5 === 0;
  const data = consent
    ? { purpose: 'marketing', medium: 'email' }
    : order
      ? { orderId: `${client}-${at}`, currency: 'EUR', totalMinor: 1_000 + (at % 7_000) }
      : {};
  return {
    specversion: '1.0',
    id: `${client}-${at}`,
    source: `by-${client}`,
    type: consent ? 'consent-given' : order ? 'order-placed' : 'site-visited',
    channel: 'web',
    time: new Date(BEGIN + Math.floor(at / CUSTOMERS) * 30 * HOUR + CLIENTS.indexOf(client) * HOUR).toISOString(),
    subject: `userId:u${customer}`,
    data,
  };
}
const each = (client) =>
  Math.floor(TOUCHPOINTS / CLIENTS.length) + (client === 'kafkajs' ? TOUCHPOINTS % CLIENTS.length : 0);

const scratch = mkdtempSync(join(tmpdir(), 'perennial-three-clients-'));
const data = join(scratch, 'data');
let engine = null;
let kafka = null;
let rough = null;
try {
  for (const client of ['kcat', 'python']) await write(client);
  kafka = await found.start();
  const brokers = kafka.brokers.join(',');
  const client = new kafkajs.Kafka({ brokers: [...kafka.brokers], logLevel: kafkajs.logLevel.NOTHING, retry: RETRY });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: CLIENTS.map((name) => ({ topic: topicOf(name), numPartitions: 6 })) });
  engine = await startEngine({ KAFKA_BROKERS: brokers });
  if (ROUGH) rough = roughly(brokers);

  const began = performance.now();
  const took = await Promise.all([
    timed(() => publishByKafkajs(client)),
    timed(() => publishByKcat(brokers)),
    timed(() =>
      run(KAFKA_PYTHON.program, [
        join(root, 'scripts/three-clients/publish.py'),
        brokers,
        topicOf('python'),
        join(scratch, 'python.txt'),
        String(PACE_MS),
      ]),
    ),
  ]);
  const disturbed = await rough?.stop();
  rough = null;
  const published = Object.fromEntries(
    await Promise.all(CLIENTS.map(async (name) => [name, await messagesOf(admin, topicOf(name))])),
  );
  await until(async () => {
    const outcomes = await ask('/v1/query/outcomes?limit=1000');
    // What was taken by an engine that died before it said so came again: it is received more than once, and accepted once.
    return ROUGH
      ? sum(outcomes.rows, 'accepted') >= CLIENTS.reduce((all, name) => all + named(name).size, 0)
      : sum(outcomes.rows, 'received') >= TOUCHPOINTS;
  });
  const takenMs = performance.now() - began;
  await until(async () => {
    const { lag, dirty } = await ask('/v1/projections/status');
    return lag === 0 && dirty === 0;
  });
  const foldedMs = performance.now() - began;
  const { rows: outcomes } = await ask('/v1/query/outcomes?limit=1000');
  // All is told once nothing new comes any more.
  let told = -1;
  await until(async () => {
    const now = sum(await Promise.all(FEEDS.map(async (name) => ({ told: await messagesOf(admin, name) }))), 'told');
    const still = now === told;
    told = now;
    return still;
  }, 2_000);
  const [changes, profiles, actions] = await Promise.all(
    [STAGE_CHANGES, PROFILES, ACTIONS].map((topic) => readAll(client, admin, topic)),
  );
  await admin.disconnect();
  await engine.stop();
  engine = null;

  const inLog = await countLog();
  const models = await readModels();
  const state = addedUp(changes);
  const expected = (name) => named(name).size;
  const believed = newest(profiles);
  const standing = standingOf(actions);
  const checks = CLIENTS.flatMap((name) => {
    const mine = outcomes.filter(({ source }) => source === `by-${name}`);
    return [
      [`${name}: messages that the broker holds`, published[name], each(name)],
      ...(ROUGH
        ? [[`${name}: received, each with its outcome`, sum(mine, 'received'), withOutcome(mine)]]
        : [[`${name}: received`, sum(mine, 'received'), each(name)]]),
      [`${name}: accepted, each name once`, sum(mine, 'accepted'), expected(name)],
      ...(ROUGH ? [] : [[`${name}: duplicates`, sum(mine, 'duplicate'), each(name) - expected(name)]]),
      [`${name}: touchpoints in the log`, inLog.get(`by-${name}`)?.size ?? 0, expected(name)],
    ];
  });
  checks.push(
    ['stage changes published, all of them told', new Set(changes.map(({ id }) => id)).size, models.published],
    ['stage periods begun and ended, added up by a consumer', state.length, models.facts.length],
    [
      'of them as the engine has them',
      state.filter((fact, at) => fact === models.facts[at]).length,
      models.facts.length,
    ],
    ['customers in the compacted topic, newest message of each', believed.length, models.profiles.length],
    ['of them as the engine has them', common(believed, models.profiles), models.profiles.length],
    ['actions proposed or withdrawn, all of them told', new Set(actions.map(({ id }) => id)).size, models.actions],
    ['actions that stand, added up by a consumer', standing.length, models.standing.length],
    ['of them as the engine has them', common(standing, models.standing), models.standing.length],
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
  if (disturbed !== undefined)
    console.log(
      `In the meantime: ${disturbed.kills} kills of the engine, ${disturbed.brokers} of the broker, ${disturbed.rebalances} rebalances; ` +
        `received ${sum(outcomes, 'received').toLocaleString('en')}, ${sum(outcomes, 'duplicate').toLocaleString('en')} of them duplicates; ` +
        `${changes.length.toLocaleString('en')} stage changes told, ${(changes.length - models.published).toLocaleString('en')} of them twice.`,
    );
  process.exitCode = checks.every(([, is, shouldBe]) => is === shouldBe) ? 0 : 1;
} finally {
  await rough?.stop();
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

/** Line by line, a thousand and then a pause. */
async function publishByKcat(brokers) {
  const child = spawn(KCAT.program, ['-b', brokers, '-t', topicOf('kcat'), ...KCAT_ARGS], {
    stdio: ['pipe', 'inherit', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const ended = new Promise((done) => child.once('exit', done));
  const lines = readFileSync(join(scratch, 'kcat.txt'), 'utf8').trimEnd().split('\n');
  for (let n = 0; n < lines.length; n += 1_000) {
    if (!child.stdin.write(`${lines.slice(n, n + 1_000).join('\n')}\n`))
      await Promise.race([new Promise((drained) => child.stdin.once('drain', drained)), ended]);
    if (PACE_MS > 0) await sleep(PACE_MS);
  }
  child.stdin.end();
  const code = await ended;
  if (code !== 0) throw new Error(`kcat ended with ${code}: ${errors.slice(-500)}`);
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
    if (PACE_MS > 0) await sleep(PACE_MS);
  }
  await producer.disconnect();
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function run(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((ended) => child.once('exit', ended));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors.slice(-500)}`);
}

/**
 * Disturbs whatever can be, until it is told to stop: a member that takes nothing joins the engine's group and leaves it, the engine is killed and
 * started again on what it left, and the broker too.
 */
function roughly(brokers) {
  const counted = { kills: 0, brokers: 0, rebalances: 0 };
  let stopped = false;
  // A member that was killed is missed by its group for half a minute; then it rebalances, and goes on doing so, until the next blow.
  const steps = [
    ['engine', 12_000],
    ['crash', 45_000],
    ['engine', 12_000],
    ['shutdown', 45_000],
    ['engine', 12_000],
  ];
  const rest = async (ms) => {
    for (const until = Date.now() + ms; Date.now() < until && !stopped;) await sleep(100);
  };
  const disturbing = (async () => {
    for (const [what, waitMs] of steps) {
      await rest(waitMs);
      if (what === 'engine') {
        await engine.kill();
        counted.kills += 1;
        engine = await startEngine({ KAFKA_BROKERS: brokers });
      } else if (kafka.halt !== undefined) {
        await kafka.halt(what);
        counted.brokers += 1;
        await sleep(500);
        await kafka.start();
        await untilReady(kafka);
      }
    }
  })();
  const passerBy = [
    join(root, 'scripts/three-clients/passer-by.mjs'),
    brokers,
    'perennial-intake',
    ...CLIENTS.map(topicOf),
  ];
  const joining = (async () => {
    while (!stopped) {
      await rest(2_000);
      const member = spawn(process.execPath, passerBy, { stdio: ['ignore', 'pipe', 'ignore'] });
      const gone = new Promise((ended) => member.once('exit', ended));
      member.stdout.on('data', (chunk) => (counted.rebalances += String(chunk).split('joined').length - 1));
      await Promise.race([rest(40_000), gone, new Promise((joined) => member.stdout.once('data', joined))]);
      await Promise.race([rest(1_500), gone]);
      member.kill('SIGTERM');
      // It may be waiting for a broker that is away.
      await Promise.race([sleep(3_000), gone]);
      member.kill('SIGKILL');
      await gone;
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await Promise.all([disturbing, joining]);
      return counted;
    },
  };
}

async function startEngine(environment) {
  rmSync(join(data, 'engine.json'), { force: true });
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
    kill: async () => {
      const gone = new Promise((ended) => child.once('exit', ended));
      child.kill('SIGKILL');
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

/** Everything that stands in a topic; a message without a value has none here. */
async function readAll(client, admin, topic) {
  const ends = new Map(
    (await admin.fetchTopicOffsets(topic))
      .filter(({ low, high }) => Number(high) > Number(low))
      .map(({ partition, high }) => [partition, Number(high)]),
  );
  const consumer = client.consumer({ groupId: `three-clients-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const read = [];
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { key, headers, value } of batch.messages)
        read.push({
          ...{ key: String(key), partition: batch.partition },
          ...(value === null ? { gone: true } : JSON.parse(String(value))),
          id: String(headers.ce_id),
        });
      if (Number(batch.lastOffset()) >= ends.get(batch.partition) - 1) ends.delete(batch.partition);
    },
  });
  await until(() => Promise.resolve(ends.size === 0));
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

/** What a consumer believes that keeps the newest message of each key. */
function newest(profiles) {
  const stands = new Map();
  for (const { key, gone, stage, phase, touchpoints, orders } of profiles)
    if (gone) stands.delete(key);
    else stands.set(key, `${key} ${stage} ${phase} ${touchpoints} ${orders}`);
  return [...stands.values()].sort();
}

/** What a consumer has still to do that passes over what it saw, takes on what is proposed and drops what is withdrawn. */
function standingOf(actions) {
  const stands = new Set();
  const seen = new Set();
  for (const { id, kind, actionId } of actions) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (kind === 'proposed') stands.add(actionId);
    else stands.delete(actionId);
  }
  return [...stands].sort();
}

function common(these, those) {
  const known = new Set(those);
  return these.filter((one) => known.has(one)).length;
}

function named(client) {
  return new Set(Array.from({ length: each(client) }, (_, n) => touchpoint(client, n).id));
}

/** What its outcomes add up to. */
function withOutcome(rows) {
  return ['accepted', 'duplicate', 'quarantined', 'suppressed'].reduce((all, outcome) => all + sum(rows, outcome), 0);
}

async function readModels() {
  const database = await openDatabase({ kind: 'pglite', folder: join(data, 'readmodels') });
  const [live] = await database.query(`SELECT schema_name FROM perennial.versions WHERE status = 'live'`);
  const [counted] = await database.query('SELECT count(*)::int AS published FROM perennial.published');
  const visits = await database.query(
    `SELECT customer_id, cycle, stage, phase, entered_at, left_at FROM ${live.schema_name}.stage_periods`,
  );
  const customers = await database.query(
    `SELECT customer_id, stage, phase, touchpoints, orders FROM ${live.schema_name}.customers`,
  );
  const actions = await database.query('SELECT action_id, standing FROM perennial.actions');
  await database.close();
  const profiles = customers.map((one) =>
    [one.customer_id, one.stage, one.phase, one.touchpoints, one.orders].join(' '),
  );
  const standing = actions.filter((one) => one.standing).map(({ action_id }) => action_id);
  const fact = (period, kind, at) =>
    `${period.customer_id} ${kind} ${period.cycle} ${period.stage} ${period.phase} ${at}`;
  const facts = visits.flatMap((period) => [
    fact(period, 'entered', period.entered_at),
    ...(period.left_at === null ? [] : [fact(period, 'left', period.left_at)]),
  ]);
  return {
    ...{ published: counted.published, facts: facts.sort() },
    ...{ profiles: profiles.sort(), actions: actions.length, standing: standing.sort() },
  };
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
