import { Command } from 'commander';
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
        const started = session.clock.now();
        const { onWork, end } = showWork(session);
        const rebuilt = await engine.rebuild(onWork).finally(end);
        const ms = session.clock.now() - started;
        process.stdout.write(
          `Version ${rebuilt.version} is live: ${counted(rebuilt.events, 'event')}, ${counted(rebuilt.customers, 'customer')} in ${duration(ms)} (${count((rebuilt.events / Math.max(1, ms)) * 1000)} events/s)\n` +
            `digest ${rebuilt.digest}\n`,
        );
      });
    });
}

export function verifyCommand(session: Session): Command {
  return withEngine(new Command('verify'))
    .summary('prove that rebuilt read models equal the live ones')
    .description(
      'Builds the read models from the log a second time, beside the live ones, compares their digests, and throws the copy away. Exit code 1 where they differ.',
    )
    .addHelpText('after', '\nExample:\n  perennial verify && echo the read models are what the log says')
    .action(async (options: EngineOptions) => {
      process.exitCode = await onEngine(options, session, async (engine) => {
        const { onWork, end } = showWork(session);
        const verified = await engine.verify(onWork).finally(end);
        process.stdout.write(
          `at position ${count(verified.position)}\n  live     ${verified.live}\n  rebuilt  ${verified.rebuilt}\n` +
            (verified.equal
              ? 'Equal.\n'
              : `They differ${verified.differing.length > 0 ? ` in ${verified.differing.join(', ')}` : ''}.\n`),
        );
        return verified.equal ? EXIT.done : EXIT.failed;
      });
    });
}
