import { Command } from 'commander';
import type { DryRunSummary, Verification } from '../engine/engine.js';
import { EXIT } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber, pluralize, formatDuration } from '../terminal/format.js';
import { showProgress } from '../terminal/show-progress.js';

export function rebuildCommand(session: Session): Command {
  return withEngineOptions(new Command('rebuild'))
    .summary('build the read models again from the log, and switch to them')
    .description(
      'Builds a new version of the read models beside the live one, from the log alone, and switches to it at once when it is complete.\n' +
        'Until then every answer comes from the live version. Interrupted, it goes on where it stopped.\n' +
        'With --dry-run it compares the new version with the live one, says what would change, switches nothing and drops the copy:\n' +
        'exit code 7 where something would change.',
    )
    .option('--dry-run', 'say what would change, and change nothing')
    .addHelpText('after', '\nExamples:\n  perennial rebuild\n  perennial rebuild --dry-run')
    .action(async (options: EngineOptions & { readonly dryRun?: true }) => {
      process.exitCode = await useEngine(options, session, async (engine) => {
        const { onWork, end } = showProgress(session);
        if (options.dryRun) {
          const rehearsed = await engine.dryRun(onWork, session.signal).finally(end);
          process.stdout.write(dryRunText(rehearsed));
          return rehearsed.equal ? EXIT.done : EXIT.differs;
        }
        const { version, events, elapsedMs, digest } = await engine.rebuild(onWork, session.signal).finally(end);
        const rate = formatNumber((events / Math.max(1, elapsedMs)) * 1000);
        process.stdout.write(
          `Version ${version} is live: ${pluralize(events, 'event')} in ${formatDuration(elapsedMs)} (${rate}/s)\ndigest ${digest}\n`,
        );
        return EXIT.done;
      });
    });
}

export function rollbackCommand(session: Session): Command {
  return withEngineOptions(new Command('rollback'))
    .summary('go back to the read models that were live before the last rebuild')
    .description(
      'Brings the version of the read models that was live before up to date, and switches to it. The one that was live is kept:\n' +
        'the same command goes forth to it again. Rejected (exit code 3) where there is no older version.',
    )
    .addHelpText('after', '\nExample:\n  perennial rollback')
    .action(async (options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const { onWork, end } = showProgress(session);
        const { version, position, digest } = await engine.rollback(onWork, session.signal).finally(end);
        process.stdout.write(`Version ${version} is live at position ${formatNumber(position)}\ndigest ${digest}\n`);
      });
    });
}

function dryRunText({ equal, position, differences, stages }: DryRunSummary): string {
  if (equal) return `At position ${formatNumber(position)} a rebuild would change nothing.\n`;
  const place = (at: { readonly stage: string; readonly phase: string } | null) =>
    at === null ? 'not there' : `${at.stage} · ${at.phase}`;
  const lines = [`At position ${formatNumber(position)} a rebuild would change:`];
  for (const { table, live, rebuilt, onlyLive, onlyRebuilt, samples } of differences) {
    lines.push(
      `  ${table}: ${pluralize(live, 'row')} now, ${formatNumber(rebuilt)} rebuilt; ${formatNumber(onlyLive)} would go, ${formatNumber(onlyRebuilt)} would come`,
    );
    for (const sample of samples)
      lines.push(`    now      ${JSON.stringify(sample.live)}`, `    rebuilt  ${JSON.stringify(sample.rebuilt)}`);
  }
  for (const { from, to, customers } of stages)
    lines.push(`  ${pluralize(customers, 'customer')}: ${place(from)} → ${place(to)}`);
  return `${lines.join('\n')}\nNothing was switched.\n`;
}

export function verifyCommand(session: Session): Command {
  return withEngineOptions(new Command('verify'))
    .summary('prove that rebuilt read models equal the live ones')
    .description(
      'Builds the read models from the log a second time, beside the live ones, compares their digests, and throws the copy away.\n' +
        'Exit code 1 where they differ.',
    )
    .addHelpText('after', '\nExample:\n  perennial verify && echo the read models are what the log says')
    .action(async (options: EngineOptions) => {
      process.exitCode = await useEngine(options, session, async (engine) => {
        const { onWork, end } = showProgress(session);
        const verified = await engine.verify(onWork, session.signal).finally(end);
        const { equal, position, live, rebuilt, differing } = verified;
        process.stdout.write(
          `at position ${formatNumber(position)}\n  live     ${live}\n  rebuilt  ${rebuilt}\n` +
            (equal ? 'Equal.\n' : `They differ.\n${differing.map(differenceText).join('')}`),
        );
        return equal ? EXIT.done : EXIT.failed;
      });
    });
}

function differenceText({ table, onlyLive, onlyRebuilt }: Verification['differing'][number]): string {
  return `  ${table}: ${pluralize(onlyLive, 'row')} only in the live ones, ${pluralize(onlyRebuilt, 'row')} only in the rebuilt ones\n`;
}
