// `npm run test:services [-- FILTER …]`: runs every suite that needs a server, and ends with a table that says which server each
// ran on, where it came from, and what passed. Which servers there are is found out by test/services.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';
import { Ledger, sayWhichServers } from './servers.mjs';
import { count, holes, reasonsOf, runSuites } from './suites.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);
removeLeftContainers();

const ledger = new Ledger();
const { status, suites } = runSuites(root, ['--runTestsByPath', ...suitesThatNeedServers()], ledger.environment);
const used = ledger.close();
if (suites === null) {
  console.error('The test runner ended without a report: see above.');
  process.exit(status);
}

sayWhichServers(root, suites, used);
const tests = suites.flatMap((one) => one.tests);
const crashed = suites.filter((one) => one.crashed !== '').length;
console.log(
  `\n${count(tests, 'passed')} passed, ${count(tests, 'failed') + crashed} failed, ${count(tests, 'skipped')} skipped`,
);

const missing = holes(reasonsOf(tests));
if (missing.length > 0) {
  console.error(`PERENNIAL_NO_SKIPS=1, and some suites did not run: ${missing.join('; ')}.`);
  process.exit(1);
}
process.exit(status);

/** The suites that import test/services, by whatever way; those whose path holds a word of the command line, where it says any. */
function suitesThatNeedServers() {
  const modules = readdirSync(join(root, 'test/services'), { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map((name) => join('test/services', name));
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--listTests', '--findRelatedTests'];
  const listed = execFileSync(process.execPath, [...jest, ...modules], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const filters = process.argv.slice(2).filter((word) => word !== '--');
  const wanted = (path) => filters.length === 0 || filters.some((word) => path.includes(word));
  return listed.trim().split('\n').filter(wanted).sort();
}

/** Containers of suites that were killed: their label names a process that is no more. */
function removeLeftContainers() {
  let listed;
  try {
    const format = '{{.ID}} {{.Label "perennial.suite"}}';
    listed = execFileSync('docker', ['ps', '--all', '--filter', 'label=perennial.suite', '--format', format], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
  } catch {
    return;
  }
  for (const line of listed.split('\n')) {
    const [id, pid] = line.split(' ');
    if (!id || alive(Number(pid))) continue;
    console.error(`Removing a container that a killed suite left behind: ${id}`);
    execFileSync('docker', ['rm', '--force', '--volumes', id], { stdio: 'ignore' });
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
