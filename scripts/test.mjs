// `npm test [-- FILTER …]`: installs what a bare clone lacks, builds, runs every suite this machine can carry,
// and ends with a table that says which suites ran, and which could not and why.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);

const scratch = mkdtempSync(join(tmpdir(), 'perennial-test-'));
const report = join(scratch, 'report.json');
const jest = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    `--outputFile=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
);

let result;
try {
  result = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.error('The test runner ended without a report: see above.');
  process.exit(jest.status || 1);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const rows = result.testResults
  .map(({ name, status, assertionResults, message }) => {
    const count = (wanted) => assertionResults.filter(({ status: is }) => is === wanted).length;
    const skipped = assertionResults.filter(({ status: is }) => is === 'pending' || is === 'todo');
    // A suite that cannot run here says so in its title, in brackets: "(skipped: no PostgreSQL server was found)".
    const reasons = new Set(skipped.map(({ fullName }) => /\(skipped: ([^)]*)\)/.exec(fullName)?.[1] ?? fullName));
    const crashed = status === 'failed' && assertionResults.length === 0;
    return {
      suite: relative(root, name),
      passed: count('passed'),
      failed: count('failed') + (crashed ? 1 : 0),
      skipped: skipped.length,
      reasons: [...reasons],
      message: crashed ? message : '',
    };
  })
  .sort((a, b) => (a.suite < b.suite ? -1 : 1));

const width = Math.max(20, ...rows.map(({ suite }) => suite.length));
console.log(`\n${'suite'.padEnd(width)}  passed  failed  skipped`);
for (const { suite, passed, failed, skipped, reasons, message } of rows) {
  console.log(
    `${suite.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${String(skipped).padStart(7)}`,
  );
  for (const reason of reasons) console.log(`${' '.repeat(4)}not run here: ${reason}`);
  if (message) console.log(message);
}
const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);

// In CI every suite must have run: what is skipped there is a hole in the net.
if (process.env.PERENNIAL_NO_SKIPS === '1' && total('skipped') > 0) {
  console.error('PERENNIAL_NO_SKIPS=1, and some suites did not run: see "not run here" above.');
  process.exit(1);
}
process.exit(jest.status ?? 1);
