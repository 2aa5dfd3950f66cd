// `npm run kill [-- ROUNDS [SEED]]`: kill -9, again and again, in the middle of an import, of a rebuild and of publishing over
// HTTP. After each kill the same work is taken up again. In the end nothing that was acknowledged may be lost, nothing
// doubled, and the digest must be that of an undisturbed run.
// Then the same number of restores: an older log, older keys, a halved WAL, read models that are gone or of another time, or a whole older backup is
// put in the place of what was there. Each must be noticed (the engine does not start, or says so) or healed; none may pass in silence.
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
const { openSqliteLog } = await import('../dist/libs/event-log/src/index.js');
const { openKeyStoreOf } = await import('../dist/libs/keys/src/index.js');
// `npm run kill -- restores ROUNDS [SEED]` leaves the kills out.
const onlyRestores = process.argv[2] === 'restores';
if (onlyRestores) process.argv.splice(2, 1);
const rounds = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const CUSTOMERS = 250;
const UNTIL = '2025-06-01';

// A small generator of our own, so that a failing run can be repeated by its seed.
let state = seed >>> 0;
const chance = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const scratch = mkdtempSync(join(tmpdir(), 'perennial-kill-'));
const touchpoints = join(scratch, 'touchpoints.ndjson');
const environment = (folder) => ({ ...process.env, DATA_DIR: folder, PORT: '0', DEMO: 'off', LOG_LEVEL: 'error' });

/** Runs the command; with `killAfterMs`, kills it then. Resolves with its exit code (null: killed) and what it printed. */
function perennial(folder, args, killAfterMs = null) {
  const child = spawn(process.execPath, [join(root, 'dist/apps/cli/src/main.js'), ...args], {
    cwd: root,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const timer = killAfterMs === null ? null : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise((done) =>
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ code, printed, errors });
    }),
  );
}

async function must(folder, args, allowed = [0]) {
  const run = await perennial(folder, args);
  if (!allowed.includes(run.code))
    throw new Error(`perennial ${args.join(' ')} ended with ${run.code}:\n${run.errors}${run.printed}`);
  return run;
}

const IMPORT = ['import', touchpoints, '--preset', 'touchpoints', '--batch-size', '200'];
const importInto = (folder, killAfterMs) => perennial(folder, IMPORT, killAfterMs);

/**
 * A new data folder with the keys of the first: subjects are named by a keyed hash, so only folders of one key store can have one digest.
 */
function newFolder(name) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  cpSync(join(scratch, 'keys/keys.db'), join(folder, 'keys.db'));
  return folder;
}

/** What must be equal in the end: the digest of the read models, and how many touchpoints the log holds. */
async function outcome(folder) {
  // Exit code 1 says that the rebuilt read models differ from the live ones.
  const { printed } = await must(folder, ['verify']);
  const digest = /live +([0-9a-f]{32})/.exec(printed)?.[1];
  if (digest === undefined || !printed.includes('Equal.'))
    throw new Error(`verify did not say that all is equal: ${printed}`);
  return { digest, touchpoints: await countTouchpoints(folder) };
}

async function countTouchpoints(folder) {
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  let count = 0;
  for await (const page of log.readAll(0)) for (const { stream } of page) if (stream.startsWith('subject-')) count += 1;
  await log.close();
  return count;
}

const same = (what, found, expected) => {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)} (seed ${seed})`);
};

/** Publishes batches over HTTP to an engine that is killed in the meantime; keeps what was acknowledged. */
async function publishUntilKilled(folder, batches, acknowledged, killAfterMs) {
  rmSync(join(folder, 'engine.json'), { force: true });
  const engine = spawn(process.execPath, [join(root, 'dist/apps/standalone/src/main.js')], {
    cwd: root,
    env: environment(folder),
    stdio: 'ignore',
  });
  let alive = true;
  const ended = new Promise((done) => engine.once('exit', () => done((alive = false))));
  while (alive && !existsSync(join(folder, 'engine.json'))) await new Promise((wake) => setTimeout(wake, 20));
  if (!alive) throw new Error('The engine did not start after a kill.');
  const { url, token } = JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8'));
  const timer = killAfterMs === null ? null : setTimeout(() => engine.kill('SIGKILL'), killAfterMs);
  let posted = 0;
  for (const batch of batches) {
    if (!alive) break;
    try {
      const response = await fetch(`${url}/v1/touchpoints?verbose=true`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
        body: batch,
      });
      if (!response.ok) throw new Error(`refused: ${response.status} ${await response.text()}`);
      const { results } = await response.json();
      for (const { source, id, outcome, position } of results)
        if (outcome === 'accepted') {
          const key = `${source}\n${id}`;
          if (acknowledged.has(key))
            throw new Error(`${key} was accepted twice: at ${acknowledged.get(key)} and ${position}`);
          acknowledged.set(key, position);
        }
      posted += 1;
    } catch (error) {
      if (String(error).includes('accepted twice') || String(error).includes('refused')) throw error;
      break;
    }
  }
  clearTimeout(timer);
  if (alive) engine.kill(killAfterMs === null ? 'SIGTERM' : 'SIGKILL');
  await ended;
  return posted;
}

async function checkAcknowledged(folder, acknowledged) {
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const keys = [...acknowledged.keys()];
  for (let from = 0; from < keys.length; from += 1_000) {
    const part = keys.slice(from, from + 1_000);
    const found = await log.find(
      part.map((key) => ({ source: key.split('\n')[0], id: key.slice(key.indexOf('\n') + 1) })),
    );
    found.forEach((event, at) => {
      if (event === null) throw new Error(`Acknowledged and lost: ${part[at]} (seed ${seed})`);
      same(`the position of ${part[at]}`, event.position, acknowledged.get(part[at]));
    });
  }
  await log.close();
}

/** Starts the engine; resolves with it, or with how it ended without starting. */
async function startEngine(folder, more = {}) {
  rmSync(join(folder, 'engine.json'), { force: true });
  const child = spawn(process.execPath, [join(root, 'dist/apps/standalone/src/main.js')], {
    cwd: root,
    env: { ...environment(folder), LOG_LEVEL: 'warn', LOG_FORMAT: 'json', ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  let code;
  const ended = new Promise((done) => child.once('close', (ended) => done((code = ended ?? 'killed'))));
  while (code === undefined && !existsSync(join(folder, 'engine.json')))
    await new Promise((wake) => setTimeout(wake, 20));
  if (code !== undefined) return { started: false, code, printed: () => printed };
  const { url, token } = JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8'));
  const request = async (method, path, body, type = 'application/json') => {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) };
    const response = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    return { status: response.status, body: await response.json() };
  };
  return {
    started: true,
    printed: () => printed,
    request,
    async publish(batches, acknowledged) {
      for (const batch of batches) {
        const { status, body } = await request('POST', '/v1/touchpoints?verbose=true', batch, 'application/x-ndjson');
        if (status >= 300) throw new Error(`rejected: ${status} ${JSON.stringify(body)}`);
        for (const { source, id, outcome } of body.results)
          if (outcome === 'accepted' || outcome === 'duplicate') acknowledged.add(`${source}\n${id}`);
      }
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

/** Which acknowledged events the log does not hold. */
async function missingEvents(folder, acknowledged) {
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const keys = [...acknowledged];
  let missing = 0;
  for (let from = 0; from < keys.length; from += 1_000) {
    const part = keys.slice(from, from + 1_000);
    const found = await log.find(
      part.map((key) => ({ source: key.split('\n')[0], id: key.slice(key.indexOf('\n') + 1) })),
    );
    missing += found.filter((event) => event === null).length;
  }
  await log.close();
  return missing;
}

/** Subjects of the log, erased ones apart, and what the key store of the folder has of them. */
async function keysBesideLog(folder) {
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const erased = new Set();
  const subjects = new Set();
  for await (const page of log.readAll(0))
    for (const { stream, type, data } of page) {
      if (stream.startsWith('subject-')) subjects.add(stream.slice('subject-'.length));
      if (type === 'person-erased') for (const id of JSON.parse(data).subjectIds) erased.add(id);
    }
  await log.close();
  const keys = await openKeyStoreOf(folder);
  const states = await keys.keysFor([...subjects, ...erased]);
  await keys.close();
  return {
    /** Erased persons whose keys are there all the same. */
    readable: [...erased].filter((id) => states.get(id) !== 'erased').length,
    /** Subjects of the log that have no key. */
    missing: [...subjects].filter((id) => !erased.has(id) && !states.has(id)).length,
  };
}

/**
 * A person is erased after the copy of the keys was made, and the copy is put back: the next start must apply the erasure again. That the check can fail is seen
 * each time: before the start it finds the keys of the erased person.
 */
async function erasureSurvivesOlderKeys(newest, older, batch, round) {
  const folder = join(scratch, `erased-${round}`);
  cpSync(newest, folder, { recursive: true });
  remove(folder, 'lock.db', 'lock.pid');
  const { identifiers } = JSON.parse(batch.slice(0, batch.indexOf('\n')));
  const { namespace, value } = identifiers.find(({ role = 'self' }) => role === 'self');
  const eraser = await startEngine(folder);
  if (!eraser.started) throw new Error(`The engine did not start before an erasure: ${eraser.printed()}`);
  for (;;) {
    const { status, body } = await eraser.request('GET', '/v1/projections/status');
    if (status === 200 && body.lag === 0 && body.dirty === 0) break;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  const body = JSON.stringify({ identifiers: [{ namespace, value }] });
  const erasure = await eraser.request('POST', '/v1/erasures', body);
  if (erasure.status !== 200) throw new Error(`The erasure failed: ${JSON.stringify(erasure)}`);
  await eraser.stop();
  same('keys of erased persons after an erasure', (await keysBesideLog(folder)).readable, 0);
  remove(folder, ...KEYS);
  copyIn(older, folder, ...KEYS);
  const planted = (await keysBesideLog(folder)).readable;
  if (planted === 0)
    throw new Error('The older keys.db does not hold the keys of the erased person: nothing is checked.');
  const again = await startEngine(folder);
  if (!again.started) throw new Error(`The engine did not start with older keys: ${again.printed()}`);
  const identifier = encodeURIComponent(`${namespace}:${value}`);
  const { status } = await again.request('GET', `/v1/query/customer?identifier=${identifier}`);
  await again.stop();
  same('keys of erased persons after a start with older keys', (await keysBesideLog(folder)).readable, 0);
  same('the status of a query for an erased person', status, 410);
  rmSync(folder, { recursive: true, force: true });
  return erasure.body.subjects;
}

const remove = (folder, ...names) => {
  for (const name of names) rmSync(join(folder, name), { recursive: true, force: true });
};
const copyIn = (from, to, ...names) => {
  for (const name of names)
    if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name), { recursive: true });
};
const LOG = ['log.db', 'log.db-wal', 'log.db-shm'];
const KEYS = ['keys.db', 'keys.db-wal', 'keys.db-shm'];

/**
 * What is done to a folder whose engine was stopped or killed. `older`: a copy of the folder from before; `backup`: a backup from before. `loses`: whether
 * acknowledged events are gone by it, so that a start in silence would be wrong.
 */
const RESTORES = {
  'an older log.db': (folder, older) => {
    remove(folder, ...LOG);
    copyIn(older, folder, ...LOG);
  },
  'an older keys.db': (folder, older) => {
    remove(folder, ...KEYS);
    copyIn(older, folder, ...KEYS);
  },
  'an older log.db and no read models': (folder, older) => {
    remove(folder, ...LOG, 'readmodels');
    copyIn(older, folder, ...LOG);
  },
  'an older log.db and older keys.db': (folder, older) => {
    remove(folder, ...LOG, ...KEYS);
    copyIn(older, folder, ...LOG, ...KEYS);
  },
  'no log.db': (folder) => remove(folder, ...LOG),
  'no keys.db': (folder) => remove(folder, ...KEYS),
  'no read models': (folder) => remove(folder, 'readmodels'),
  'older read models': (folder, older) => {
    remove(folder, 'readmodels');
    copyIn(older, folder, 'readmodels');
  },
  'damaged read models': (folder) => {
    const path = join(folder, 'readmodels', 'global', 'pg_control');
    if (existsSync(path)) truncateSync(path, 100);
  },
  'a halved log.db-wal': (folder) => {
    const path = join(folder, 'log.db-wal');
    if (existsSync(path)) truncateSync(path, Math.floor(statSync(path).size / 2));
  },
  'no log.db-wal': (folder) => remove(folder, 'log.db-wal', 'log.db-shm'),
  'a whole older backup': async (folder, _, backup) => {
    await must(folder, ['restore', backup, '--force']);
  },
};

/** One restore: the engine works, stops, finds something older, and must notice or heal it. Resolves with which. */
async function restoreRound(name, round, batches, expected) {
  const folder = newFolder(`restore-${round}`);
  const [older, newest, backup] = ['older', 'newest', 'backup'].map((each) => join(scratch, `${each}-${round}`));
  const acknowledged = new Set();
  const half = Math.max(1, Math.floor(batches.length * (0.2 + chance() * 0.6)));
  const first = await startEngine(folder);
  if (!first.started) throw new Error(`The engine did not start: ${first.printed()}`);
  await first.publish(batches.slice(0, half), acknowledged);
  await must(folder, ['backup', backup]);
  await first.stop();
  cpSync(folder, older, { recursive: true });
  const second = await startEngine(folder);
  if (!second.started) throw new Error(`The engine did not start: ${second.printed()}`);
  await second.publish(batches.slice(half), acknowledged);
  // The last mark of the log's length is written within ten seconds and at a stop: a kill leaves an older one, and the read models' own.
  await second.stop(chance() < 0.5 ? 'SIGKILL' : 'SIGTERM');
  cpSync(folder, newest, { recursive: true });
  const erased = name === 'an older keys.db' ? await erasureSurvivesOlderKeys(newest, older, batches[0], round) : 0;
  await RESTORES[name](folder, older, backup);
  // Only a new subject since then makes keys older than the log.
  const missingKeys = name === 'an older keys.db' ? (await keysBesideLog(folder)).missing : 0;

  const found = await startEngine(folder);
  const said = found.printed();
  let verdict;
  if (!found.started) {
    // Noticed: it does not start, and says in a sentence what is wrong and what to do.
    if (!/^perennial: \S.{30,}/m.test(said) || /\n +at /.test(said))
      throw new Error(`After ${name} the engine ended with ${found.code} and no sentence:\n${said}`);
    verdict = 'noticed, not started';
    for (const each of readdirSync(folder)) remove(folder, each);
    cpSync(newest, folder, { recursive: true });
    remove(folder, 'lock.db', 'lock.pid');
  } else {
    const warned = said.split('\n').filter((line) => line.startsWith('{') && /"level":"(?:warn|error)"/.test(line));
    await found.stop();
    const missing = await missingEvents(folder, acknowledged);
    const isAnnounced = name === 'a whole older backup' || warned.length > 0;
    if (missing > 0 && !isAnnounced)
      throw new Error(`After ${name} the engine started in silence, and ${missing} acknowledged events are gone.`);
    if (missingKeys > 0 && !/older/.test(warned.join('\n')))
      throw new Error(`After ${name} ${missingKeys} subjects of the log have no key, and the engine said nothing.`);
    verdict = missing > 0 ? `noticed, ${missing} events gone` : warned.length > 0 ? 'healed, and said so' : 'healed';
    if (name === 'an older keys.db') {
      verdict += `; ${missingKeys} keys missing, ${erased} subjects of an erased person erased again`;
      // What was sealed under keys that are gone stays closed: the newest keys are put back, as the engine says.
      remove(folder, ...KEYS);
      copyIn(newest, folder, ...KEYS);
    }
  }
  // Whatever was done, everything that is sent again leads to the figures of an undisturbed run.
  const last = await startEngine(folder);
  if (!last.started) throw new Error(`After ${name} and its repair the engine did not start: ${last.printed()}`);
  await last.publish(batches, acknowledged);
  await last.stop();
  same(`after ${name}`, await outcome(folder), expected);
  for (const each of [folder, older, newest, backup]) rmSync(each, { recursive: true, force: true });
  for (const each of readdirSync(scratch))
    if (each.startsWith(`restore-${round}.before-restore`))
      rmSync(join(scratch, each), { recursive: true, force: true });
  return verdict;
}

/** An import and a rebuild that nothing disturbs: how long they take, and what comes of them. */
async function undisturbedRun(lines) {
  const calm = newFolder('calm');
  const begun = Date.now();
  const run = await importInto(calm, null);
  if (run.code !== 0) throw new Error(`The undisturbed import ended with ${run.code}:\n${run.errors}${run.printed}`);
  const importMs = Date.now() - begun;
  const rebuildBegun = Date.now();
  await must(calm, ['rebuild']);
  const rebuildMs = Date.now() - rebuildBegun;
  const expected = await outcome(calm);
  console.log(`undisturbed: ${lines} lines, ${expected.touchpoints} touchpoints, digest ${expected.digest}`);
  return { importMs, rebuildMs, expected };
}

try {
  console.log(`${rounds} rounds, seed ${seed}`);
  await must(scratch, [
    'simulate',
    '--customers',
    String(CUSTOMERS),
    '--seed',
    '11',
    '--until',
    UNTIL,
    '--output',
    touchpoints,
  ]);
  const lines = readFileSync(touchpoints, 'utf8').trimEnd().split('\n');
  await openKeyStoreOf(join(scratch, 'keys')).close();
  const { importMs, rebuildMs, expected } = onlyRestores ? {} : await undisturbedRun(lines.length);

  const batches = [];
  for (let from = 0; from < lines.length; from += 200) batches.push(`${lines.slice(from, from + 200).join('\n')}\n`);

  const kills = { import: 0, rebuild: 0, publish: 0 };
  let folder = newFolder('round-0');
  for (let round = 1; !onlyRestores && round <= rounds; round += 1) {
    // Import: killed somewhere between its first moment and its last; the next round goes on in the same folder.
    const imported = await importInto(folder, 300 + chance() * importMs);
    if (imported.code === null) kills.import += 1;
    else if (imported.code !== 0)
      throw new Error(`The import of round ${round} ended with ${imported.code}: ${imported.errors}`);
    // Rebuild: of what is there by now.
    const rebuilt = await perennial(folder, ['rebuild'], 300 + chance() * rebuildMs);
    if (rebuilt.code === null) kills.rebuild += 1;
    // Of an import that was killed before it had created a log, there is nothing to rebuild.
    else if (rebuilt.code !== 0 && existsSync(join(folder, 'log.db')))
      throw new Error(`The rebuild of round ${round} ended with ${rebuilt.code}: ${rebuilt.errors}`);
    if (round % 5 === 0 || round === rounds) {
      const finished = await importInto(folder, null);
      if (finished.code !== 0) throw new Error(`The import ended with ${finished.code}: ${finished.errors}`);
      same('after the kills', await outcome(folder), expected);
      console.log(
        `round ${round}: equal digest after ${kills.import} kills of imports and ${kills.rebuild} of rebuilds`,
      );
      rmSync(folder, { recursive: true, force: true });
      folder = newFolder(`round-${round}`);
    }
  }

  if (!onlyRestores) await publishingRounds();
  async function publishingRounds() {
    const published = newFolder('published');
    const acknowledged = new Map();
    for (let round = 1; round <= rounds; round += 1) {
      // From another place in the file each time, so that old and new batches mix.
      const from = Math.floor(chance() * batches.length);
      await publishUntilKilled(
        published,
        [...batches.slice(from), ...batches.slice(0, from)],
        acknowledged,
        20 + chance() * 1_500,
      );
      kills.publish += 1;
      await checkAcknowledged(published, acknowledged);
      if (round % 20 === 0)
        console.log(`publishing, round ${round}: ${acknowledged.size} acknowledged events all there`);
    }
    await publishUntilKilled(published, batches, acknowledged, null);
    await checkAcknowledged(published, acknowledged);
    same('after publishing under kills', await outcome(published), expected);
    console.log(
      `publishing: ${kills.publish} kills, ${acknowledged.size} acknowledged events all there, each once, equal digest`,
    );
  }
  // A part of the events: a restore depends on what is older, not on how much there is.
  const some = batches.slice(0, 8);
  const undisturbed = newFolder('restores');
  const engine = await startEngine(undisturbed);
  if (!engine.started) throw new Error(`The engine did not start: ${engine.printed()}`);
  await engine.publish(some, new Set());
  await engine.stop();
  const expectedOfSome = await outcome(undisturbed);
  const names = Object.keys(RESTORES);
  for (let round = 1; round <= rounds; round += 1) {
    // Each kind in turn, from a place of its own in each run.
    const name = names[(round + seed) % names.length];
    console.log(`restore ${round}: ${name}: ${await restoreRound(name, round, some, expectedOfSome)}`);
  }
  console.log('Nothing acknowledged was lost, nothing was doubled, and no restore passed in silence.');
} catch (error) {
  console.error(`FAILED (seed ${seed}): ${error instanceof Error ? error.message : String(error)}`);
  console.error(`The data folders are left as they were, in ${scratch}.`);
  process.exitCode = 1;
}
if (process.exitCode !== 1) rmSync(scratch, { recursive: true, force: true });
