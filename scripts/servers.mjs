import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { count, reasonsOf } from './suites.mjs';

/** The file in which test/services notes the servers that suites were given; its name goes to them by the environment. */
export class Ledger {
  #folder = mkdtempSync(join(tmpdir(), 'perennial-services-'));
  #file = join(this.#folder, 'servers.jsonl');

  get environment() {
    return { ...process.env, PERENNIAL_SERVICES_LEDGER: this.#file };
  }

  /** What was noted; the file is gone then. */
  close() {
    const text = existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : '';
    rmSync(this.#folder, { recursive: true, force: true });
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}

/** Prints which server each suite ran on, where it came from, and what passed. `used` is what the ledger holds. */
export function sayWhichServers(root, suites, used) {
  const rows = suites.flatMap((one) =>
    rowsOf(
      one,
      used.filter(({ suite }) => relative(root, suite) === one.suite),
    ),
  );
  const table = [['suite', 'server', 'version', 'passed', 'failed', 'skipped', 'from']];
  for (const { suite, server, version, passed, failed, skipped, from } of rows)
    table.push([suite, server, version, String(passed), String(failed), String(skipped), from]);
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  console.log('');
  for (const line of table) {
    const cells = line.map((cell, at) => (/^\d+$/.test(cell) ? cell.padStart(widths[at]) : cell.padEnd(widths[at])));
    console.log(cells.join('  ').trimEnd());
  }
  for (const { crashed } of suites) if (crashed !== '') console.log(crashed);
}

/** A row for each server (or servers together) that tests of a suite ran on, and one for each reason why some did not run. */
function rowsOf({ suite, tests, crashed }, servers) {
  const known = new Map(servers.map((server) => [server.service, server]));
  const groups = new Map();
  for (const test of tests) {
    const [reason] = reasonsOf([test]);
    const key = reason === undefined ? serversOf(test.name, [...known.keys()]).join(' + ') : `NOT RUN: ${reason}`;
    groups.set(key, [...(groups.get(key) ?? []), test]);
  }
  const rows = [...groups].map(([key, some]) => {
    const row = { suite, version: '', from: '' };
    const counts = { passed: count(some, 'passed'), failed: count(some, 'failed'), skipped: count(some, 'skipped') };
    if (key.startsWith('NOT RUN: '))
      return { ...row, ...counts, server: 'NOT RUN', from: key.slice('NOT RUN: '.length) };
    const those = key.split(' + ').flatMap((name) => known.get(name) ?? []);
    const version = those.map((one) => one.version).join(' + ');
    const from = those.map(({ origin, what }) => `${origin} (${what})`).join(' + ');
    return { ...row, ...counts, server: key, version, from };
  });
  if (crashed !== '')
    rows.push({ suite, server: 'CRASHED', version: '', passed: 0, failed: 1, skipped: 0, from: 'see below' });
  return rows;
}

/** What a test ran on: the servers that its title names; the suite's only one; the embedded store; or nothing. */
function serversOf(title, names) {
  const named = names.filter((name) => title.includes(name));
  if (named.length > 0) return named;
  if (title.includes(' on PGlite')) return ['PGlite'];
  return names.length === 1 ? names : ['none'];
}
