import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { processorTime } from './measuring/processor-time.js';
import { median, report, seconds } from './measuring/table.js';

/**
 * What a command takes of a processor from its start to its end, and the engine until it listens: processor time (user and system) and not
 * elapsed time, so that other programs on the machine matter less. Beside it, in turn in the same run: Node alone, and with `--against` the
 * same commands of another compiled checkout.
 *
 *     npm run bench -- cli-start [--starts 10] [--against /path/to/checkout]
 */
const { values: options } = parseArgs({
  options: { starts: { type: 'string', default: '10' }, against: { type: 'string' } },
});
const STARTS = Number(options.starts);
const HERE = process.cwd();
const trees = [HERE, ...(options.against === undefined ? [] : [resolve(options.against)])];
const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));

const PURCHASES = Array.from(
  { length: 200 },
  (_, at) => ` ${String(at).padStart(5, '0')} ${String(at % 60).padStart(4, '0')} 19970101  2   29.33`,
).join('\r\n');

interface Step {
  readonly what: string;
  readonly args: readonly string[];
  /** With the engine of the same tree on the folder. */
  readonly running?: true;
}
const STEPS: readonly Step[] = [
  { what: '--help', args: ['--help'] },
  { what: 'query rfm --help', args: ['query', 'rfm', '--help'] },
  { what: 'import --help', args: ['import', '--help'] },
  { what: 'a wrong option', args: ['--nonsense'] },
  { what: 'policy validate', args: ['policy', 'validate', join(folder, 'policy.yaml')] },
  { what: 'stats, folder', args: ['stats'] },
  { what: 'query rfm, folder', args: ['query', 'rfm'] },
  { what: 'whoami, engine', args: ['whoami'], running: true },
  { what: 'stats, engine', args: ['stats'], running: true },
  { what: 'query rfm, engine', args: ['query', 'rfm', '--format', 'csv'], running: true },
];

const dataOf = (tree: string): string => join(folder, `data-${trees.indexOf(tree)}`);
const environment = (tree: string) => ({ ...process.env, NODE_OPTIONS: '', DATA_DIR: dataOf(tree) });

/** The milliseconds of processor time of a whole process, as the shell counts them. */
function spent(tree: string, args: readonly string[]): number {
  const { stderr } = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2>&1', 'bash', process.execPath, ...args],
    {
      ...{ cwd: tree, env: environment(tree), encoding: 'utf8' },
    },
  );
  const [user, system] = stderr.trim().split(' ').map(Number);
  return ((user ?? NaN) + (system ?? NaN)) * 1_000;
}

const cli = (tree: string): string => join(tree, 'dist/apps/cli/src/main.js');

/** Starts the engine of a tree; gives what it took until it listened. */
async function startEngine(tree: string) {
  const address = join(dataOf(tree), 'engine.json');
  rmSync(address, { force: true });
  const child = spawn(process.execPath, [join(tree, 'dist/apps/standalone/src/main.js')], {
    cwd: tree,
    env: { ...environment(tree), PORT: '0', DEMO: 'off', LOG_LEVEL: 'error' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  while (!existsSync(address) || readFileSync(address, 'utf8') === '') await sleep(5);
  return {
    tookMs: processorTime(child.pid ?? 0).totalMs,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const times = new Map<string, number[]>();
const note = (tree: string, what: string, ms: number): void => {
  const key = `${trees.indexOf(tree)} ${what}`;
  times.set(key, [...(times.get(key) ?? []), ms]);
};
try {
  writeFileSync(join(folder, 'purchases.txt'), PURCHASES);
  const given = ['--time-zone', 'Europe/Berlin', '--currency', 'EUR', '--categories', 'tea'];
  spent(HERE, [cli(HERE), 'policy', 'init', join(folder, 'policy.yaml'), ...given]);
  for (const tree of trees) spent(tree, [cli(tree), 'import', join(folder, 'purchases.txt'), '--preset', 'cdnow']);
  for (let start = 0; start < STARTS; start += 1) {
    note(HERE, 'node', spent(HERE, ['-e', '0']));
    for (const { what, args, running } of STEPS)
      if (running === undefined) for (const tree of trees) note(tree, what, spent(tree, [cli(tree), ...args]));
    for (const tree of trees) {
      const engine = await startEngine(tree);
      note(tree, 'the engine, until it listens', engine.tookMs);
      for (const { what, args, running } of STEPS)
        if (running === true) note(tree, what, spent(tree, [cli(tree), ...args]));
      await engine.stop();
    }
  }
  const node = median(times.get('0 node') ?? []);
  const lines = [...STEPS.map(({ what }) => what), 'the engine, until it listens'].map((what) => {
    const [ours, other] = trees.map((_, at) => median(times.get(`${at} ${what}`) ?? []));
    return {
      what,
      raw: other === undefined ? seconds(node) : seconds(other),
      ours: seconds(ours ?? NaN),
      ratio: ((ours ?? NaN) / (other ?? node)).toFixed(2),
      goal: '',
    };
  });
  const baseline = options.against === undefined ? 'Node alone' : options.against;
  report(`Processor time of a start, median of ${STARTS}; the raw baseline is ${baseline}`, lines, [
    `Node alone takes ${seconds(node)}; each start reads its modules from the page cache.`,
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
