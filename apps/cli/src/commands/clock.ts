import { Command } from 'commander';
import { DAY } from '#contracts/basics';
import type { ClockStatus } from '#projections';
import type { Engine } from '../engine/engine.js';
import { EXIT } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatDuration } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';

export function clockCommand(session: Session): Command {
  const act = (work: (engine: Engine) => Promise<ClockStatus>) => async (_: unknown, command: Command) => {
    await useEngine(command.optsWithGlobals<EngineOptions>(), session, async (engine) => {
      const status = await work(engine);
      process.stdout.write(describe(engine.place, status));
      process.exitCode = status.state === 'right' ? EXIT.done : EXIT.failed;
    });
  };
  const clock = new Command('clock')
    .summary('show whether the clock of the engine is to be trusted, or confirm it')
    .description(
      'Compares the clock of the engine with elapsed time and with what is recorded. Where the clock was set by more than a day while the engine ran, ' +
        'the engine publishes nothing and fires no deadline until the clock returns or `clock confirm` accepts it. Where what is recorded lies more than five minutes ahead of the ' +
        'clock, the engine is not ready. Exit code 1: the clock is not to be trusted.',
    )
    .action(act((engine) => engine.clock()));
  const confirm = new Command('confirm')
    .summary('accept the clock as it is')
    .description(
      'Accepts the clock of the engine as it is: it fires deadlines and publishes by this clock from now on. What a wrong clock wrote into the read models before is repaired ' +
        'by `perennial rebuild`.',
    )
    .action(act((engine) => engine.confirmClock()));
  clock.addCommand(
    withExamples(
      withEngineOptions(confirm),
      'perennial clock confirm',
      'perennial clock confirm --data-dir /var/lib/perennial',
    ),
  );
  return withExamples(withEngineOptions(clock), 'perennial clock', 'perennial clock confirm');
}

function describe(place: string, status: ClockStatus): string {
  const { state, detail, now, expected, newestEvent, projectorClock, aheadMs, confirmed } = status;
  const rows: readonly (readonly [name: string, value: string | null])[] = [
    ['clock', now],
    ['by elapsed time', expected],
    ['newest event recorded', newestEvent],
    ['deadlines fired up to', projectorClock],
    ['recorded ahead by', aheadMs === null || aheadMs <= 0 ? null : formatSpan(aheadMs)],
    ['confirmed', confirmed === null ? null : `${confirmed.at} by ${confirmed.by}`],
  ];
  const lines = rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(24)}${value}\n`]));
  return `${place}: ${state === 'right' ? 'the clock is right' : 'the clock is not to be trusted'}\n${lines.join('')}${state === 'right' ? '' : `\n${detail}\n`}`;
}

const formatSpan = (ms: number): string => (ms < 2 * DAY ? formatDuration(ms) : `${Math.round(ms / DAY)} days`);
