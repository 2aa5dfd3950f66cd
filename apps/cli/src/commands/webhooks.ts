import { Command, Option } from 'commander';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { wholeNumber } from './whole-number.js';

interface ReplayOptions extends EngineOptions {
  readonly fromPosition?: number;
  readonly from?: string;
}

export function webhooksCommand(session: Session): Command {
  const webhooks = new Command('webhooks')
    .summary('list the webhook endpoints, or replay messages to one of them')
    .description(
      'Webhook endpoints receive stage changes and actions over HTTP. `list` shows how each of them is doing; `replay` sends messages to one of them again. ' +
        'The engine must be running.',
    );
  const list = new Command('list')
    .summary('show each endpoint: its status, pending and missed messages, last response')
    .description('Shows each endpoint as JSON: its status, pending and missed messages, and its last response.')
    .action(async (options: EngineOptions) => {
      await useEngine(options, session, async (engine) => print(await engine.webhooks()));
    });
  webhooks.addCommand(withExamples(withEngineOptions(list), 'perennial webhooks list'));
  const replay = new Command('replay')
    .summary('send messages to one endpoint again, by default those that it missed')
    .description(
      'Sends messages to one endpoint again and sets it active. By default these are the messages that it missed; other endpoints receive nothing.',
    )
    .argument('<id>', 'webhook id')
    .addOption(
      new Option('--from-position <position>', 'all messages that follow from this position of the log on')
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .conflicts('from'),
    )
    .addOption(new Option('--from <instant>', 'all messages that follow from events recorded at this instant or later'))
    .action(async (id: string, { fromPosition, from, ...options }: ReplayOptions) => {
      const start = {
        ...(fromPosition === undefined ? {} : { fromPosition }),
        ...(from === undefined ? {} : { from }),
      };
      await useEngine(options, session, async (engine) => print(await engine.replayWebhook(id, start)));
    });
  webhooks.addCommand(
    withExamples(
      withEngineOptions(replay),
      'perennial webhooks replay 5f0c…',
      'perennial webhooks replay 5f0c… --from 2026-03-01T00:00:00Z',
    ),
  );
  return withExamples(webhooks, 'perennial webhooks list', 'perennial webhooks replay 5f0c…');
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
