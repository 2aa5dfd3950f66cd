import { Command } from 'commander';
import type { Verified } from '../engine/engine.js';
import { EXIT } from '../exit-codes.js';
import { onEngine, withEngine, type EngineOptions, type Session } from '../session.js';
import { count, counted, duration } from '../terminal/figures.js';
import { showWork } from '../terminal/work.js';

export function rebuildCommand(session: Session): Command {
  return withEngine(new Command('rebuild'))
    .summary('build the read models anew from the log, and switch to them')
    .description(
      'Builds a new version of the read models beside the live one, from the log alone, and switches to it at once when it is complete.\n' +
        'Until then every answer comes from the live version. Interrupted, it goes on where it stopped.',
    )
    .addHelpText('after', '\nExample:\n  perennial rebuild')
    .action(async (options: EngineOptions) => {
      await onEngine(options, session, async (engine) => {
        const { onWork, end } = showWork(session);
        const { version, position, elapsedMs, digest } = await engine.rebuild(onWork, session.stop).finally(end);
        const rate = count((position / Math.max(1, elapsedMs)) * 1000);
        process.stdout.write(
          `Version ${version} is live: ${counted(position, 'event')} in ${duration(elapsedMs)} (${rate}/s)\ndigest ${digest}\n`,
        );
      });
    });
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
