import { Command } from 'commander';
import type { Rehearsed, Verified } from '../engine/engine.js';
import { EXIT } from '../exit-codes.js';
import { onEngine, withEngine, type EngineOptions, type Session } from '../session.js';
import { count, counted, duration } from '../terminal/figures.js';
import { showWork } from '../terminal/work.js';

export function rebuildCommand(session: Session): Command {
  return withEngine(new Command('rebuild'))
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
      process.exitCode = await onEngine(options, session, async (engine) => {
        const { onWork, end } = showWork(session);
        if (options.dryRun) {
          const rehearsed = await engine.dryRun(onWork, session.stop).finally(end);
          process.stdout.write(rehearsedText(rehearsed));
          return rehearsed.equal ? EXIT.done : EXIT.differs;
        }
        const { version, events, elapsedMs, digest } = await engine.rebuild(onWork, session.stop).finally(end);
        const rate = count((events / Math.max(1, elapsedMs)) * 1000);
        process.stdout.write(
          `Version ${version} is live: ${counted(events, 'event')} in ${duration(elapsedMs)} (${rate}/s)\ndigest ${digest}\n`,
        );
        return EXIT.done;
      });
    });
}

export function rollbackCommand(session: Session): Command {
  return withEngine(new Command('rollback'))
    .summary('go back to the read models that were live before the last rebuild')
    .description(
      'Brings the version of the read models that was live before up to date, and switches to it. The one that was live is kept:\n' +
        'the same command goes forth to it again. Rejected (exit code 3) where there is no older version.',
    )
    .addHelpText('after', '\nExample:\n  perennial rollback')
    .action(async (options: EngineOptions) => {
      await onEngine(options, session, async (engine) => {
        const { onWork, end } = showWork(session);
        const { version, position, digest } = await engine.rollback(onWork, session.stop).finally(end);
        process.stdout.write(`Version ${version} is live at position ${count(position)}\ndigest ${digest}\n`);
      });
    });
}

function rehearsedText({ equal, position, differences, stages }: Rehearsed): string {
  if (equal) return `At position ${count(position)} a rebuild would change nothing.\n`;
  const place = (at: { readonly stage: string; readonly phase: string } | null) =>
    at === null ? 'not there' : `${at.stage} · ${at.phase}`;
  const lines = [`At position ${count(position)} a rebuild would change:`];
  for (const { table, live, rebuilt, onlyLive, onlyRebuilt, samples } of differences) {
    lines.push(
      `  ${table}: ${counted(live, 'row')} now, ${count(rebuilt)} rebuilt; ${count(onlyLive)} would go, ${count(onlyRebuilt)} would come`,
    );
    for (const sample of samples)
      lines.push(`    now      ${JSON.stringify(sample.live)}`, `    rebuilt  ${JSON.stringify(sample.rebuilt)}`);
  }
  for (const { from, to, customers } of stages)
    lines.push(`  ${counted(customers, 'customer')}: ${place(from)} → ${place(to)}`);
  return `${lines.join('\n')}\nNothing was switched.\n`;
}

export function verifyCommand(session: Session): Command {
  return withEngine(new Command('verify'))
    .summary('prove that rebuilt read models equal the live ones')
    .description(
      'Builds the read models from the log a second time, beside the live ones, compares their digests, and throws the copy away.\n' +
        'Exit code 1 where they differ.',
    )
    .addHelpText('after', '\nExample:\n  perennial verify && echo the read models are what the log says')
    .action(async (options: EngineOptions) => {
      process.exitCode = await onEngine(options, session, async (engine) => {
        const { onWork, end } = showWork(session);
        const verified = await engine.verify(onWork, session.stop).finally(end);
        const { equal, position, live, rebuilt, differing } = verified;
        process.stdout.write(
          `at position ${count(position)}\n  live     ${live}\n  rebuilt  ${rebuilt}\n` +
            (equal ? 'Equal.\n' : `They differ.\n${differing.map(differenceText).join('')}`),
        );
        return equal ? EXIT.done : EXIT.failed;
      });
    });
}

function differenceText({ table, onlyLive, onlyRebuilt }: Verified['differing'][number]): string {
  return `  ${table}: ${counted(onlyLive, 'row')} only in the live ones, ${counted(onlyRebuilt, 'row')} only in the rebuilt ones\n`;
}
