import { Command, Option } from 'commander';
import { PERMISSIONS } from '#platform';
import type { ApiKeyInfo, Engine } from '../engine/engine.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { helpSection, withExamples } from '../terminal/help.js';
import { Table } from '../terminal/table.js';

interface CreateOptions extends EngineOptions {
  readonly permissions: readonly string[];
}

const PERMISSIONS_HELP = helpSection('Permissions', [
  ['publish', 'send touchpoints'],
  ['read', 'run queries, without personal data'],
  ['open', 'see personal data in what `read` and `audit` answer'],
  ['audit', 'replay histories and read the log'],
  ['quarantine', 'release, fix and discard quarantined events'],
  ['decide', 'merge, unmerge and keep customers apart'],
  ['policy', 'publish policies'],
  ['types', 'register touchpoint types'],
  ['erase', 'erase a person'],
  ['hold', 'place and lift legal holds'],
  ['operate', 'rebuilds, feeds, webhooks, backups, metrics, the clock'],
  ['prove', 'prove what the log holds'],
  ['administer', 'create and revoke keys, block principals'],
  ['approve', 'approve what another principal requested'],
]);

export function keysCommand(session: Session): Command {
  const keys = new Command('keys')
    .summary('create, list or revoke API keys')
    .description(
      'An API key opens the HTTP API to a channel or a tool. The engine stores a hash of it, so a lost key cannot be shown again: revoke it and create another. ' +
        'On the machine of the engine these commands need no key, whether the engine runs or not; a lost admin key is replaced by them.',
    );
  keys.addCommand(createCommand(session));
  keys.addCommand(listCommand(session));
  keys.addCommand(revokeCommand(session));
  return withExamples(
    keys,
    'perennial keys create "web shop" --permissions publish',
    'perennial keys list',
    'perennial keys revoke 5f0c3a9b1d2e',
  );
}

function createCommand(session: Session): Command {
  const command = new Command('create')
    .summary('create an API key and show it once')
    .description('Creates an API key and prints it. It is shown this once: store it now.')
    .argument('<name>', 'what the key is for, as the list shows it')
    .addOption(
      new Option(
        '--permissions <list>',
        `what the key may do: ${PERMISSIONS.join(', ')}, with commas between several; or all`,
      )
        .argParser((text: string) => (text === 'all' ? PERMISSIONS : text.split(',').map((each) => each.trim())))
        .makeOptionMandatory(),
    )
    .action(async (name: string, { permissions, ...options }: CreateOptions) => {
      await useEngine(options, session, async (engine) => {
        const { key, ...created } = await engine.createApiKey({ name, permissions });
        session.stderr.write(`${sentence('Created', created, engine)} The key is shown only this once:\n`);
        process.stdout.write(`${key}\n`);
      });
    });
  return withExamples(
    withEngineOptions(command).addHelpText('after', PERMISSIONS_HELP),
    'perennial keys create "web shop" --permissions publish',
    'perennial keys create dashboard --permissions read,open',
    'perennial keys create admin --permissions all',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the API keys, revoked ones too')
    .description('Lists the API keys, revoked ones too: what each is for and what it may do, never the key itself.')
    .action(async (options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const rows = (await engine.apiKeys()).map(({ permissions, ...key }) => ({
          ...key,
          permissions: permissions.length === PERMISSIONS.length ? 'all' : permissions.join(','),
        }));
        if (rows.length === 0) session.stderr.write('There is no API key: perennial keys create makes one.\n');
        else process.stdout.write(new Table(COLUMNS, process.stdout.columns ?? null).page({ rows }));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial keys list');
}

const COLUMNS = [
  { name: 'id', type: 'text', description: 'the first part of the key' },
  { name: 'name', type: 'text', description: 'what the key is for' },
  { name: 'permissions', type: 'text', description: 'what the key may do' },
  { name: 'createdAt', type: 'instant', description: 'when it was created' },
  { name: 'revokedAt', type: 'instant', nullable: true, description: 'when it was revoked' },
] as const;

function revokeCommand(session: Session): Command {
  const command = new Command('revoke')
    .summary('revoke an API key from now on')
    .description('Revokes an API key: from now on it is rejected. It cannot be undone; a second time changes nothing.')
    .argument('<id>', 'id of the key, as `keys list` shows it')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        process.stdout.write(`${sentence('Revoked', await engine.revokeApiKey(id), engine)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial keys revoke 5f0c3a9b1d2e');
}

const sentence = (what: string, { id, name, permissions }: ApiKeyInfo, { place }: Engine): string =>
  `${what} the key ${id} (${name}; ${permissions.join(', ')}) of ${place}.`;
