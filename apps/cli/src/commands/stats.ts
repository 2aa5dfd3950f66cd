import { Command } from 'commander';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { allRows } from './query.js';

const OUTCOMES = ['received', 'accepted', 'duplicate', 'quarantined', 'suppressed'] as const;

export function statsCommand(session: Session): Command {
  const command = new Command('stats')
    .summary('show the size of the log and the read models, and the outcomes by source')
    .description(
      'Shows how long the log is, how far the read models have followed it, how many rows and bytes each part holds, and the outcomes of the ' +
        'touchpoints that each source sent.',
    )
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
        const width = Math.max('source'.length, ...[...outcomes.keys()].map((source) => source.length));
        if (outcomes.size > 0)
          lines.push(`\n  ${'source'.padEnd(width)}${OUTCOMES.map((outcome) => outcome.padStart(12)).join('')}\n`);
        for (const [source, sums] of outcomes)
          lines.push(`  ${source.padEnd(width)}${sums.map((sum) => formatNumber(sum).padStart(12)).join('')}\n`);
        process.stdout.write(lines.join(''));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial stats', 'perennial stats --data-dir /var/lib/perennial');
}
