// `npm run fuzz [-- MAX_EXAMPLES]`: throws malformed bodies, ids, cursors and dates at every route of a running engine, as
// its own OpenAPI document describes them (schemathesis), and fails on any 500, on any hang, on an answer that the document
// does not allow, and when afterwards an event received has no outcome. Then come raw bodies: see fuzz/raw-bodies.mjs.
// FUZZ_COVERAGE=whole sends every case of its coverage phase, and not only those that differ: see fuzz/hooks.py.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fuzzRawBodies } from './fuzz/raw-bodies.mjs';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
const maxExamples = process.argv[2] ?? '60';
const VERSION = '4.32.5';

/** schemathesis from the environment, the PATH, or a virtual environment of our own. */
function schemathesis() {
  if (process.env.SCHEMATHESIS) return process.env.SCHEMATHESIS;
  if (spawnSync('schemathesis', ['--version']).status === 0) return 'schemathesis';
  const folder = join(root, 'node_modules/.cache/schemathesis');
  const program = join(folder, 'bin/schemathesis');
  if (existsSync(program)) return program;
  console.log(`Installing schemathesis ${VERSION}…`);
  if (spawnSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' }).status !== 0) return null;
  const pip = spawnSync(join(folder, 'bin/pip'), ['install', '--quiet', `schemathesis==${VERSION}`], {
    stdio: 'inherit',
  });
  return pip.status === 0 ? program : null;
}

const program = schemathesis();
if (program === null) {
  console.error('schemathesis could not be had: install it with pip, or name it in SCHEMATHESIS.');
  process.exit(1);
}

/**
 * Prints how many cases of each kind the coverage phase generated and sent, and to how many operations. Gives the kinds that one of their
 * operations did not get.
 */
function printCounts(kinds) {
  const rows = Object.entries(kinds);
  if (rows.length === 0) console.error('The hooks of the fuzz did not run: no case of the coverage phase was counted.');
  console.log(`\n${'kind of case in the coverage phase'.padEnd(36)}  generated    sent  operations`);
  for (const [kind, { generated, sent, operations, reached }] of rows)
    console.log(
      `${kind.padEnd(36)}  ${String(generated).padStart(9)}  ${String(sent).padStart(6)}  ${reached} of ${operations}`,
    );
  const unreached = rows.filter(([, { operations, reached }]) => reached < operations).map(([kind]) => kind);
  if (unreached.length > 0) console.error(`Some operations did not get: ${unreached.join(', ')}.`);
  return rows.length === 0 ? ['any kind'] : unreached;
}

/** A client that sends nothing for so long gets 408. */
const IDLE_SECONDS = 5;
const data = mkdtempSync(join(tmpdir(), 'perennial-fuzz-'));
const engine = spawn(process.execPath, [join(root, 'dist/apps/standalone/src/main.js')], {
  cwd: root,
  env: {
    ...process.env,
    ...{ DATA_DIR: data, PORT: '0', DEMO: 'off', LOG_LEVEL: 'error', WEBHOOK_HOSTS: 'loopback' },
    BODY_IDLE_SECONDS: String(IDLE_SECONDS),
  },
  stdio: ['ignore', 'ignore', 'inherit'],
});
let died = false;
engine.once('exit', () => (died = true));

try {
  const address = join(data, 'engine.json');
  for (let waited = 0; !existsSync(address) && !died && waited < 60_000; waited += 100)
    await new Promise((wake) => setTimeout(wake, 100));
  if (!existsSync(address)) throw new Error('The engine did not start.');
  const { url, token } = JSON.parse(readFileSync(address, 'utf8'));
  const authorization = { authorization: `Bearer ${token}` };

  const args = ['run', `${url}/docs-json`, '--url', url, '--header', `Authorization: Bearer ${token}`];
  args.push(
    '--checks',
    'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance',
  );
  args.push('--max-examples', maxExamples, '--request-timeout', '20', '--continue-on-failure', '--no-color');
  args.push('--phases', 'examples,coverage,fuzzing', '--suppress-health-check', 'all', '--warnings', 'off');
  args.push('--generation-deterministic');
  const counts = join(data, 'fuzz-counts.json');
  const hooks = { PYTHONPATH: join(root, 'scripts/fuzz'), SCHEMATHESIS_HOOKS: 'hooks', FUZZ_COUNTS: counts };
  const fuzz = spawn(program, args, { cwd: data, stdio: 'inherit', env: { ...process.env, ...hooks } });
  const code = await new Promise((done) => fuzz.once('exit', done));
  const unreached = printCounts(existsSync(counts) ? JSON.parse(readFileSync(counts, 'utf8')) : {});
  const raw = await fuzzRawBodies(url, token, { idleMs: IDLE_SECONDS * 1_000 });
  for (const failure of raw.failures) console.error(`FAILED ${failure}`);
  console.log(`${raw.cases} raw bodies, slow and silent clients: ${raw.failures.length} failures.`);
  if (died) throw new Error('The engine died under the fuzz.');
  const ready = await fetch(`${url}/health/ready`);
  if (!ready.ok) throw new Error(`The engine is not ready after the fuzz: ${ready.status} ${await ready.text()}`);
  const outcomes = await (await fetch(`${url}/v1/query/outcomes`, { headers: authorization })).json();
  for (const row of outcomes.rows) {
    const sum = row.accepted + row.duplicate + row.quarantined + row.suppressed;
    if (sum !== row.received) throw new Error(`An event has no outcome: ${JSON.stringify(row)}`);
  }
  console.log(`Every event has its outcome: ${outcomes.rows.length} source-days add up.`);
  process.exitCode = code === 0 && raw.failures.length === 0 && unreached.length === 0 ? 0 : 1;
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
} finally {
  engine.kill('SIGTERM');
  await new Promise((done) => (died ? done() : engine.once('exit', done)));
  rmSync(data, { recursive: true, force: true });
}
