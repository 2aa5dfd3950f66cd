import { Command } from 'commander';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber } from '../terminal/format.js';
import { allRows } from './query.js';

export function statsCommand(session: Session): Command {
  return withEngineOptions(new Command('stats'))
    .summary('the engine in figures: log, read models, outcomes by source')
    .description(
      'Says how long the log is, how far the read models follow it, how much there is of each, and what became of what each source sent.',
    )
    .addHelpText('after', '\nExamples:\n  perennial stats\n  perennial stats --data-dir /var/lib/perennial')
    .action(async (options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const lines = [`${engine.place}\n`];
        for await (const { figure, value, at } of allRows(engine, 'stats', {})) {
          const amount = typeof value === 'number' ? formatNumber(value) : '';
          const instant = typeof at === 'string' ? `  ${at}` : '';
          lines.push(`  ${String(figure).padEnd(28)}${amount.padStart(16)}${instant}\n`);
        }
        const outcomes = new Map<string, number[]>();
        for await (const row of allRows(engine, 'outcomes', {})) {
          const source = String(row['source']);
          const sums = outcomes.get(source) ?? [0, 0, 0, 0, 0];
          OUTCOMES.forEach((outcome, at) => {
            sums[at] = (sums[at] ?? 0) + Number(row[outcome] ?? 0);
          });
          outcomes.set(source, sums);
        }
        if (outcomes.size > 0)
          lines.push(`\n  ${'source'.padEnd(28)}${OUTCOMES.map((outcome) => outcome.padStart(13)).join('')}\n`);
        for (const [source, sums] of outcomes)
          lines.push(`  ${source.padEnd(28)}${sums.map((sum) => formatNumber(sum).padStart(13)).join('')}\n`);
        process.stdout.write(lines.join(''));
      });
    });
}

const OUTCOMES = ['received', 'accepted', 'duplicate', 'quarantined', 'suppressed'] as const;
