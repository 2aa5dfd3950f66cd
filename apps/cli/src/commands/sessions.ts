import { Command, Option } from 'commander';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';

const COLUMNS = [
  { name: 'id', type: 'text', description: 'by which a session is ended' },
  { name: 'principal', type: 'text', description: 'whose it is' },
  { name: 'name', type: 'text', nullable: true, description: 'the name of the key; none for people' },
  { name: 'begunAt', type: 'instant', description: 'when it began' },
  { name: 'lastSeenAt', type: 'instant', description: 'when it was last used, exact to a minute' },
  { name: 'endsAt', type: 'instant', description: 'when it ends in any case' },
] as const;

export function sessionsCommand(session: Session): Command {
  const sessions = new Command('sessions')
    .summary('list the sessions of browsers, or end one')
    .description('Browsers sign in with an API key, or as a person by an identity provider, and keep a session.');
  sessions.addCommand(listCommand(session));
  sessions.addCommand(endCommand(session));
  return withExamples(sessions, 'perennial sessions list', 'perennial sessions end 9f86d081884c7d65');
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the sessions that have not ended')
    .description('Lists the sessions of browsers that have not ended: whose each is, since when and until when.')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: EngineOptions & { readonly format: 'text' | 'json' }) => {
      await useEngine(options, session, async (engine) => {
        const rows = (await engine.sessions()).map((each) => ({ ...each }));
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
        else if (rows.length === 0) session.stderr.write('No browser has a session.\n');
        else process.stdout.write(tableText(COLUMNS, rows));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial sessions list', 'perennial sessions list --format json');
}

function endCommand(session: Session): Command {
  const command = new Command('end')
    .summary('end a session, in all processes at once')
    .description(
      'Ends a session of a browser: its next request is rejected. To keep the principal out, use `keys block` or `keys revoke`.',
    )
    .argument('<id>', 'id of the session, as `sessions list` shows it')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        await engine.endSession(id);
        process.stdout.write(`Ended the session ${id} at ${engine.place}.\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial sessions end 9f86d081884c7d65');
}
