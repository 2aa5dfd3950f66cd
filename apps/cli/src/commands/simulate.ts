import { Command, InvalidArgumentError, Option } from 'commander';
import { parseInstant, type Instant } from '#contracts';
import { runImport } from '#imports';
import { simulateTouchpoints, simulationReader, type SimulationOptions } from '#simulation';
import { EXIT, usage } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber, pluralize, formatDuration } from '../terminal/format.js';
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

const DAY = 86_400_000;
const LINES_A_WRITE = 500;

export function simulateCommand(session: Session): Command {
  return withEngineOptions(new Command('simulate'))
    .summary('make customers up: to a file, or into the engine')
    .description(
      'Makes customers up and tells their touchpoints over all groups of the catalogue. The same seed and period give the same touchpoints.\n' +
        'Without --output they go into the engine.',
    )
    .addOption(new Option('--customers <number>', 'how many').default(2000).argParser(wholeNumber(1, 10_000_000)))
    .addOption(
      new Option('--seed <number>', 'another seed, other customers').default(1).argParser(wholeNumber(0, 2 ** 31 - 1)),
    )
    .addOption(new Option('--from <date>', 'first day; two years before the last unless said').argParser(day))
    .addOption(new Option('--until <date>', 'the day after the last; today unless said').argParser(day))
    .addOption(new Option('--output <file>', 'write NDJSON to a file (- for the terminal) instead of into the engine'))
    .addOption(
      new Option('--batch-size <touchpoints>', 'touchpoints in one commit')
        .default(1000)
        .argParser(wholeNumber(1, 100_000)),
    )
    .addOption(new Option('--no-wait', 'do not wait until the read models have caught up'))
    .addHelpText(
      'after',
      `
Examples:
  perennial simulate --customers 500 --seed 7
  perennial simulate --from 2024-01-01 --until 2026-01-01 --output made-up.ndjson
  perennial import made-up.ndjson --preset touchpoints`,
    )
    .action(async (options: SimulateOptions) => {
      const simulation = period(options, session);
      process.exitCode =
        options.output === undefined
          ? await useEngine(options, session, async (engine) => {
              const bar = new Progress('simulation', 'touchpoints', session.stderr, session.clock);
              const summary = await runImport({
                reader: simulationReader(simulation),
                file: { path: '', name: 'simulation' },
                sink: (items) => engine.ingest(items),
                batchSize: options.batchSize,
                signal: session.signal,
                now: () => performance.now(),
                onProgress: ({ items }) => bar.update({ done: items, total: null }),
              });
              bar.end();
              const { outcomes } = summary.progress;
              process.stdout.write(
                `${pluralize(options.customers, 'customer')}, ${pluralize(summary.lines, 'touchpoint')} in ${formatDuration(summary.timings.totalMs)}: ` +
                  `${formatNumber(outcomes.accepted)} accepted, ${pluralize(outcomes.duplicate, 'duplicate')}, ${formatNumber(outcomes.quarantined)} quarantined\n`,
              );
              if (summary.outcome === 'failed') throw summary.error;
              if (summary.outcome === 'stopped') return EXIT.stopped;
              if (options.wait && !(await catchUpWithProgress(engine, session))) return EXIT.stopped;
              return outcomes.quarantined > 0 ? EXIT.quarantined : EXIT.done;
            })
          : await toFile(simulation, options.output, session);
    });
}

async function toFile(simulation: SimulationOptions, file: string, session: Session): Promise<number> {
  const output = await Output.open(file);
  let lines: string[] = [];
  let written = 0;
  for (const touchpoint of simulateTouchpoints(simulation)) {
    lines.push(`${JSON.stringify(touchpoint)}\n`);
    if (lines.length < LINES_A_WRITE) continue;
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

function period({ customers, seed, from, until }: SimulateOptions, { clock }: Session): SimulationOptions {
  const end = until ?? Math.floor(clock.now() / DAY) * DAY;
  const begin = from ?? end - 731 * DAY;
  if (begin >= end) throw usage('--from must lie before --until.');
  return { customers, seed, from: begin, until: end };
}

function day(text: string): Instant {
  const at = parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (at === null) throw new InvalidArgumentError('Write it as 2026-01-31.');
  return at;
}
