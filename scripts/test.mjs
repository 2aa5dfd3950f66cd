// `npm test [-- FILTER …]`: installs what a bare clone lacks, builds, runs every suite this machine can carry,
// and ends with a table that says which suites ran, and which could not and why.
import { relative, resolve } from 'node:path';
import { build, ensureInstalled } from './install.mjs';
import { Ledger, sayWhichServers } from './servers.mjs';
import { count, holes, reasonsOf, runSuites } from './suites.mjs';

const root = resolve(import.meta.dirname, '..');
ensureInstalled(root);
build(root);

const ledger = new Ledger();
const { status, suites } = runSuites(root, process.argv.slice(2), ledger.environment);
const used = ledger.close();
if (suites === null) {
  console.error('The test runner ended without a report: see above.');
  process.exit(status);
}

const rows = suites.map(({ suite, tests, crashed }) => ({
  suite,
  passed: count(tests, 'passed'),
  failed: count(tests, 'failed') + (crashed === '' ? 0 : 1),
  skipped: count(tests, 'skipped'),
  reasons: reasonsOf(tests),
  crashed,
}));

const width = Math.max(20, ...rows.map(({ suite }) => suite.length));
console.log(`\n${'suite'.padEnd(width)}  passed  failed  skipped`);
for (const { suite, passed, failed, skipped, reasons, crashed } of rows) {
  console.log(
    `${suite.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${String(skipped).padStart(7)}`,
  );
  for (const reason of reasons) console.log(`${' '.repeat(4)}not run here: ${reason}`);
  if (crashed) console.log(crashed);
}
const onServers = new Set(used.map((one) => relative(root, one.suite)));
if (used.length > 0)
  sayWhichServers(
    root,
    suites.filter(({ suite }) => onServers.has(suite)),
    used,
  );
const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
console.log(`\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped`);

const missing = holes(rows.flatMap(({ reasons }) => reasons));
if (missing.length > 0) {
  console.error(`PERENNIAL_NO_SKIPS=1, and some suites did not run: ${missing.join('; ')}.`);
  process.exit(1);
}
process.exit(status);
