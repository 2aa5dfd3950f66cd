// `npm run kill [-- ROUNDS [SEED]]`: kill -9, again and again, in the middle of an import, of a rebuild and of publishing over
// HTTP. After each kill the same work is taken up again. In the end nothing that was acknowledged may be lost, nothing
// doubled, and the digest must be that of an undisturbed run.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
const { openSqliteLog } = await import('../dist/libs/event-log/src/index.js');
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
  await must(join(scratch, 'keys'), ['stats']);
  const calm = newFolder('calm');
  const begun = Date.now();
  const run = await importInto(calm, null);
  if (run.code !== 0) throw new Error(`The undisturbed import ended with ${run.code}:\n${run.errors}${run.printed}`);
  const importMs = Date.now() - begun;
  const rebuildBegun = Date.now();
  await must(calm, ['rebuild']);
  const rebuildMs = Date.now() - rebuildBegun;
  const expected = await outcome(calm);
  console.log(`undisturbed: ${lines.length} lines, ${expected.touchpoints} touchpoints, digest ${expected.digest}`);

  const batches = [];
  for (let from = 0; from < lines.length; from += 200) batches.push(`${lines.slice(from, from + 200).join('\n')}\n`);

  let kills = { import: 0, rebuild: 0, publish: 0 };
  let folder = newFolder('round-0');
  for (let round = 1; round <= rounds; round += 1) {
    // Import: killed somewhere between its first moment and its last; the next round goes on in the same folder.
    const imported = await importInto(folder, 300 + chance() * importMs);
    if (imported.code === null) kills.import += 1;
    else if (imported.code !== 0)
      throw new Error(`The import of round ${round} ended with ${imported.code}: ${imported.errors}`);
    // Rebuild: of what is there by now.
    const rebuilt = await perennial(folder, ['rebuild'], 300 + chance() * rebuildMs);
    if (rebuilt.code === null) kills.rebuild += 1;
    else if (rebuilt.code !== 0)
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
    if (round % 20 === 0) console.log(`publishing, round ${round}: ${acknowledged.size} acknowledged events all there`);
  }
  await publishUntilKilled(published, batches, acknowledged, null);
  await checkAcknowledged(published, acknowledged);
  same('after publishing under kills', await outcome(published), expected);
  console.log(
    `publishing: ${kills.publish} kills, ${acknowledged.size} acknowledged events all there, each once, equal digest`,
  );
  console.log('Nothing acknowledged was lost, nothing was doubled.');
} catch (error) {
  console.error(`FAILED (seed ${seed}): ${error instanceof Error ? error.message : String(error)}`);
  console.error(`The data folders are left as they were, in ${scratch}.`);
  process.exitCode = 1;
}
if (process.exitCode !== 1) rmSync(scratch, { recursive: true, force: true });
