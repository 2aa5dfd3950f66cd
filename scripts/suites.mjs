import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

/** Runs jest and gives its report and its exit code; the report is null when it ended without one. */
export function runSuites(root, args, env = process.env) {
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
      ...args,
    ],
    { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  try {
    return { status: jest.status ?? 1, suites: suitesOf(root, JSON.parse(readFileSync(report, 'utf8'))) };
  } catch {
    return { status: jest.status || 1, suites: null };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Of each suite: its tests, and what it said when it could not be loaded. */
function suitesOf(root, result) {
  return result.testResults
    .map(({ name, status, assertionResults, message }) => ({
      suite: relative(root, name),
      tests: assertionResults.map(({ fullName, status: is }) => ({
        name: fullName,
        is: is === 'pending' || is === 'todo' ? 'skipped' : is,
      })),
      crashed: status === 'failed' && assertionResults.length === 0 ? message : '',
    }))
    .sort((a, b) => (a.suite < b.suite ? -1 : 1));
}

export const count = (tests, wanted) => tests.filter(({ is }) => is === wanted).length;

/** Why tests were skipped. A suite that cannot run says so in its title, in brackets: "(skipped: no PostgreSQL server was found)". */
export function reasonsOf(tests) {
  const skipped = tests.filter(({ is }) => is === 'skipped');
  return [...new Set(skipped.map(({ name }) => /\(skipped: ([^)]*)\)/.exec(name)?.[1] ?? name))];
}

/**
 * Where every suite must run (PERENNIAL_NO_SKIPS=1), what is skipped is a hole in the net. What cannot be had there is named by
 * PERENNIAL_MAY_SKIP, a pattern of reasons. Gives the reasons that are not to be excused.
 */
export function holes(reasons, { PERENNIAL_NO_SKIPS, PERENNIAL_MAY_SKIP } = process.env) {
  if (PERENNIAL_NO_SKIPS !== '1') return [];
  const excused = PERENNIAL_MAY_SKIP ? new RegExp(PERENNIAL_MAY_SKIP) : null;
  return reasons.filter((reason) => excused === null || !excused.test(reason));
}
