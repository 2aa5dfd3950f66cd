import { Command, Option } from 'commander';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { wholeNumber } from './whole-number.js';

interface ReplayOptions extends EngineOptions {
  readonly fromPosition?: number;
  readonly from?: string;
}

export function webhooksCommand(session: Session): Command {
  const webhooks = new Command('webhooks')
    .summary('channels without Kafka: how each fares, and telling one again')
    .description(
      'How the endpoints fare that are told by webhook; and telling one of them again what it missed, or what was said. The engine must be running.',
    )
    .addHelpText(
      'after',
      `
Examples:
  perennial webhooks list
  perennial webhooks replay 5f0c…
  perennial webhooks replay 5f0c… --from 2026-03-01T00:00:00Z`,
    );
  webhooks.addCommand(
    withEngineOptions(new Command('list'))
      .summary('every endpoint as JSON: status, what waits, what it missed, the last answer')
      .action(async (options: EngineOptions) => {
        await useEngine(options, session, async (engine) => print(await engine.webhooks()));
      }),
  );
  webhooks.addCommand(
    withEngineOptions(new Command('replay'))
      .summary('tell an endpoint again, and no other: what it missed, unless said otherwise; sets it active')
      .argument('<id>', 'webhook id')
      .addOption(
        new Option('--from-position <position>', 'everything that rests on the log from this position on')
          .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
          .conflicts('from'),
      )
      .addOption(new Option('--from <instant>', 'everything that rests on the log as it stood then, or on more of it'))
      .action(async (id: string, { fromPosition, from, ...options }: ReplayOptions) => {
        const asked = {
          ...(fromPosition === undefined ? {} : { fromPosition }),
          ...(from === undefined ? {} : { from }),
        };
        await useEngine(options, session, async (engine) => print(await engine.replayWebhook(id, asked)));
      }),
  );
  return webhooks;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
