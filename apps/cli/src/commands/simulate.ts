import { Command, InvalidArgumentError, Option } from 'commander';
import { DAY, parseInstant, type Instant } from '#contracts/basics';
import type { ImportSummary } from '#imports';
import type { SimulationOptions } from '#simulation';
import type { Engine } from '../engine/engine.js';
import { EXIT, usage } from '../exit-codes.js';
import { CREATES, useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatDuration, formatNumber, pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { Output } from '../terminal/output.js';
import { Progress } from '../terminal/progress.js';
import { catchUpWithProgress } from '../terminal/show-progress.js';
import { wholeNumber } from './whole-number.js';

interface SimulateOptions extends EngineOptions {
  readonly customers: number;
  readonly seed: number;
  readonly from?: Instant;
  readonly until?: Instant;
  readonly output?: string;
  readonly batchSize: number;
  readonly wait: boolean;
}

const DEFAULT_PERIOD = 731 * DAY;
const LINES_PER_WRITE = 500;

export function simulateCommand(session: Session): Command {
  const command = new Command('simulate')
    .summary('simulate customers, into the engine or to a file')
    .description(
      'Simulates customers and their touchpoints of every type in the catalogue. The same seed and period give the same touchpoints. They are imported into ' +
        'the engine, or written to --output.',
    )
    .addOption(
      new Option('--customers <number>', 'number of customers').default(2000).argParser(wholeNumber(1, 10_000_000)),
    )
    .addOption(
      new Option('--seed <number>', 'seed of the random numbers').default(1).argParser(wholeNumber(0, 2 ** 31 - 1)),
    )
    .addOption(new Option('--from <date>', 'first day (default: two years before --until)').argParser(day))
    .addOption(new Option('--until <date>', 'day after the last day (default: today)').argParser(day))
    .addOption(new Option('--output <file>', 'write NDJSON to a file (- for the terminal), not into the engine'))
    .addOption(
      new Option('--batch-size <number>', 'touchpoints per commit').default(1000).argParser(wholeNumber(1, 100_000)),
    )
    .addOption(new Option('--no-wait', 'do not wait until the read models have caught up'))
    .action(async (options: SimulateOptions) => {
      const simulation = simulationOf(options, session);
      process.exitCode =
        options.output === undefined
          ? await useEngine(options, session, (engine) => intoEngine(engine, simulation, options, session), CREATES)
          : await toFile(simulation, options.output, session);
    });
  return withExamples(
    withEngineOptions(command),
    'perennial simulate --customers 500 --seed 7',
    'perennial simulate --from 2024-01-01 --until 2026-01-01 --output sim.ndjson',
    'perennial import sim.ndjson --preset touchpoints',
  );
}

async function intoEngine(
  engine: Engine,
  simulation: SimulationOptions,
  { batchSize, wait }: SimulateOptions,
  session: Session,
): Promise<number> {
  const [{ runImport }, { simulationReader }] = await Promise.all([import('#imports'), import('#simulation')]);
  const progress = new Progress('simulation', 'touchpoints', session.stderr, session.clock);
  const summary = await runImport({
    reader: simulationReader(simulation),
    file: { path: '', name: 'simulation' },
    sink: (items) => engine.ingest(items),
    batchSize,
    signal: session.signal,
    now: () => performance.now(),
    onProgress: ({ items }) => progress.update({ done: items, total: null }),
  });
  progress.end();
  process.stdout.write(summaryText(simulation, summary));
  if (summary.outcome === 'failed') throw summary.error;
  if (summary.outcome === 'stopped') return EXIT.stopped;
  if (wait && !(await catchUpWithProgress(engine, session))) return EXIT.stopped;
  return summary.progress.outcomes.quarantined > 0 ? EXIT.quarantined : EXIT.done;
}

function summaryText({ customers }: SimulationOptions, { lines, progress, timings }: ImportSummary): string {
  const { accepted, duplicate, quarantined } = progress.outcomes;
  return (
    `${pluralize(customers, 'customer')}, ${pluralize(lines, 'touchpoint')} in ${formatDuration(timings.totalMs)}: ` +
    `${formatNumber(accepted)} accepted, ${pluralize(duplicate, 'duplicate')}, ${formatNumber(quarantined)} quarantined\n`
  );
}

async function toFile(simulation: SimulationOptions, file: string, session: Session): Promise<number> {
  const { simulateTouchpoints } = await import('#simulation');
  const output = await Output.open(file);
  let lines: string[] = [];
  let written = 0;
  for (const touchpoint of simulateTouchpoints(simulation)) {
    lines.push(`${JSON.stringify(touchpoint)}\n`);
    if (lines.length < LINES_PER_WRITE) continue;
    written += lines.length;
    await output.write(lines.join(''));
    lines = [];
    if (session.signal.aborted || output.done) break;
  }
  await output.write(lines.join(''));
  await output.end();
  session.stderr.write(`${pluralize(written + lines.length, 'touchpoint')} written.\n`);
  return session.signal.aborted ? EXIT.stopped : EXIT.done;
}

function simulationOf({ customers, seed, from, until }: SimulateOptions, { clock }: Session): SimulationOptions {
  const end = until ?? Math.floor(clock.now() / DAY) * DAY;
  const begin = from ?? end - DEFAULT_PERIOD;
  if (begin >= end) throw usage('--from must be before --until: give an earlier --from, or a later --until.');
  return { customers, seed, from: begin, until: end };
}

function day(text: string): Instant {
  const at = parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (at === null) throw new InvalidArgumentError('Write it as 2026-01-31.');
  return at;
}
