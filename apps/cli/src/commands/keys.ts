import { Command, Option } from 'commander';
import { PERMISSIONS, ROLE_NAMES, roleDefinition } from '#platform/basics';
import type { ApiKeyInfo, Engine, JsonObject } from '../engine/engine.js';
import { rateOption } from '../rate-option.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { helpSection, withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';
import { wholeNumber } from './whole-number.js';

interface FormatOptions extends EngineOptions {
  readonly format: 'text' | 'json';
}

type ScopeName = keyof ApiKeyInfo['scopes'];

interface CreateOptions extends FormatOptions, Partial<Record<ScopeName, readonly string[]>> {
  readonly role?: string;
  readonly permissions?: readonly string[];
  readonly expires?: string;
  readonly rate?: ApiKeyInfo['rate'];
  readonly standingPurpose?: string;
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
  ['administer', 'create, rotate and revoke keys, block principals'],
  ['approve', 'approve what another principal requested'],
]);

const ROLES_HELP = helpSection(
  'Roles',
  ROLE_NAMES.map((role) => [role, `${roleDefinition(role).meaning}: ${roleDefinition(role).permissions.join(', ')}`]),
);

export function keysCommand(session: Session): Command {
  const keys = new Command('keys')
    .summary('create, list, rotate or revoke API keys, or block a principal')
    .description(
      'An API key opens the HTTP API to a channel or a tool. The engine stores a hash of it, so a lost key cannot be shown again: rotate it, or revoke it and create another. ' +
        'On the machine of the engine these commands need no key, whether the engine runs or not; a lost admin key is replaced by them.',
    );
  keys.addCommand(createCommand(session));
  keys.addCommand(listCommand(session));
  keys.addCommand(showCommand(session));
  keys.addCommand(rotateCommand(session));
  keys.addCommand(revokeCommand(session));
  keys.addCommand(blockCommand(session));
  keys.addCommand(unblockCommand(session));
  return withExamples(
    keys,
    'perennial keys create "web shop" --role channel --sources "shop/*"',
    'perennial keys list',
    'perennial keys rotate 5f0c3a9b1d2e --overlap 3',
    'perennial keys revoke 5f0c3a9b1d2e',
    'perennial keys block key:5f0c3a9b1d2e',
  );
}

const listOf = (text: string): readonly string[] => text.split(',').map((each) => each.trim());

const formatOption = (): Option =>
  new Option('--format <format>', 'output format').choices(['text', 'json']).default('text');

function createCommand(session: Session): Command {
  const command = new Command('create')
    .summary('create an API key and show it once')
    .description(
      'Creates an API key and prints it. It is shown this once: store it now. It may do what its role allows, and the permissions beside it.',
    )
    .argument('<name>', 'what the key is for, as the list shows it')
    .addOption(new Option('--role <role>', `a set of permissions: ${ROLE_NAMES.join(', ')}`).choices(ROLE_NAMES))
    .addOption(
      new Option(
        '--permissions <list>',
        `what the key may do: ${PERMISSIONS.join(', ')}, with commas between several; or all`,
      ).argParser((text: string) => (text === 'all' ? PERMISSIONS : listOf(text))),
    )
    .addOption(
      new Option('--sources <list>', 'sources that it may publish for: shop, or shop/* for all below').argParser(
        listOf,
      ),
    )
    .addOption(new Option('--types <list>', 'types of touchpoints that it may publish').argParser(listOf))
    .addOption(new Option('--brand <list>', 'brands whose data it may see').argParser(listOf))
    .addOption(new Option('--purposes <list>', 'purposes that it may open personal data for').argParser(listOf))
    .addOption(
      new Option(
        '--standing-purpose <name>',
        'for a machine: the purpose for which it opens personal data where a request states none',
      ),
    )
    .addOption(
      rateOption(
        'what it may do in a minute, in each process: events=60000,rejected=600,requests=600,opened=100, off for no limit; that of its role by default',
      ),
    )
    .addOption(
      new Option(
        '--expires <when>',
        'until when it is valid: a date-time such as 2027-01-31T00:00:00Z, or never for a key that only publishes; a year by default',
      ),
    )
    .addOption(formatOption())
    .action(async (name: string, options: CreateOptions) => {
      await useEngine(options, session, async (engine) => {
        show(session, options, 'Created', await engine.createApiKey(requestOf(name, options)), engine);
      });
    });
  return withExamples(
    withEngineOptions(command).addHelpText('after', ROLES_HELP).addHelpText('after', PERMISSIONS_HELP),
    'perennial keys create "web shop" --role channel --expires never',
    'perennial keys create dashboard --permissions read --format json',
    'perennial keys create "help desk" --role service-agent --brand aurora',
    'perennial keys create till --role channel --rate events=6000',
    'perennial keys create admin --permissions all',
  );
}

const SCOPES = ['sources', 'types', 'brand', 'purposes'] as const satisfies readonly ScopeName[];

/** The key as the engine is asked for it; what is missing or wrong, the engine says. */
function requestOf(name: string, options: CreateOptions): JsonObject & { readonly name: string } {
  const { role, permissions, expires, rate, standingPurpose } = options;
  const scopes = Object.fromEntries(
    SCOPES.flatMap((scope) => (options[scope] === undefined ? [] : [[scope, options[scope]]])),
  );
  return {
    name,
    ...(role === undefined ? {} : { role }),
    ...(permissions === undefined ? {} : { permissions }),
    ...(Object.keys(scopes).length === 0 ? {} : { scopes }),
    ...(rate === undefined ? {} : { rate }),
    ...(standingPurpose === undefined ? {} : { standingPurpose }),
    ...(expires === undefined ? {} : { expiresAt: expires === 'never' ? null : expires }),
  };
}

/** Prints a new key: alone on the standard output, or as JSON with what belongs to it. */
function show(
  session: Session,
  { format }: FormatOptions,
  what: string,
  created: ApiKeyInfo & { readonly key: string },
  engine: Engine,
): void {
  if (format === 'json') return print(created);
  session.stderr.write(`${sentence(what, created, engine)} The key is shown only this once:\n`);
  process.stdout.write(`${created.key}\n`);
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the API keys, revoked and expired ones too')
    .description(
      'Lists the API keys, revoked and expired ones too: what each is for, what it may do and until when, never the key itself.',
    )
    .addOption(formatOption())
    .action(async (options: FormatOptions) => {
      await useEngine(options, session, async (engine) => {
        const keys = await engine.apiKeys();
        if (options.format === 'json') return print(keys);
        const rows = keys.map(({ scopes: _, rate: __, permissions, ...key }) => ({
          ...key,
          permissions: permissionsText(permissions),
        }));
        if (rows.length === 0) session.stderr.write('There is no API key: perennial keys create makes one.\n');
        else process.stdout.write(tableText(COLUMNS, rows));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial keys list', 'perennial keys list --format json');
}

const permissionsText = (permissions: readonly string[]): string =>
  permissions.length === PERMISSIONS.length ? 'all' : permissions.join(',');

const INSTANT = { type: 'instant', nullable: true } as const;
const COLUMNS = [
  { name: 'id', type: 'text', description: 'the first part of the key' },
  { name: 'name', type: 'text', description: 'what the key is for' },
  { name: 'permissions', type: 'text', description: 'what the key may do' },
  { name: 'createdAt', type: 'instant', description: 'when it was created' },
  { name: 'revokedAt', ...INSTANT, description: 'when it was revoked' },
  { name: 'expiresAt', ...INSTANT, description: 'until when it is valid' },
  { name: 'lastUsedAt', ...INSTANT, description: 'when it was last used' },
  { name: 'blockedAt', ...INSTANT, description: 'since when it is blocked' },
] as const;

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show one API key with its scopes')
    .description('Shows one API key as JSON: what it may do, its scopes, its expiry and when it was last used.')
    .argument('<id>', 'id of the key, as `keys list` shows it')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => print(await engine.apiKey(id)));
    });
  return withExamples(withEngineOptions(command), 'perennial keys show 5f0c3a9b1d2e');
}

function rotateCommand(session: Session): Command {
  const command = new Command('rotate')
    .summary('create a key in the place of another, and show it once')
    .description(
      'Creates an API key with the same rights in the place of another, and prints it. The old key stays valid for the overlap, so that both work while the new one is rolled out.',
    )
    .argument('<id>', 'id of the key to replace')
    .addOption(
      new Option('--overlap <days>', 'days for which the old key stays valid').argParser(wholeNumber(0, 90)).default(7),
    )
    .addOption(formatOption())
    .action(async (id: string, options: FormatOptions & { readonly overlap: number }) => {
      await useEngine(options, session, async (engine) => {
        show(session, options, 'Rotated', await engine.rotateApiKey(id, { overlapDays: options.overlap }), engine);
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial keys rotate 5f0c3a9b1d2e',
    'perennial keys rotate 5f0c3a9b1d2e --overlap 0 --format json',
  );
}

function revokeCommand(session: Session): Command {
  const command = new Command('revoke')
    .summary('revoke an API key from now on')
    .description('Revokes an API key: from now on it is rejected. It cannot be undone; a second time changes nothing.')
    .argument('<id>', 'id of the key, as `keys list` shows it')
    .addOption(formatOption())
    .action(async (id: string, options: FormatOptions) => {
      await useEngine(options, session, async (engine) => {
        const revoked = await engine.revokeApiKey(id);
        if (options.format === 'json') print(revoked);
        else process.stdout.write(`${sentence('Revoked', revoked, engine)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial keys revoke 5f0c3a9b1d2e');
}

function blockCommand(session: Session): Command {
  const command = new Command('block')
    .summary('lock a principal out from now on')
    .description(
      'Locks a principal out, whatever key or token it shows, until `keys unblock`. A key is locked out with the keys that it replaces and is replaced by.',
    )
    .argument('<principal>', 'key: and the id of a key, or person: and the id of a person')
    .action(async (principal: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        await engine.blockPrincipal(principal);
        process.stdout.write(`Blocked ${principal} at ${engine.place}.\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial keys block key:5f0c3a9b1d2e');
}

function unblockCommand(session: Session): Command {
  const command = new Command('unblock')
    .summary('let a blocked principal act again')
    .description('Lets a principal act again that `keys block` locked out.')
    .argument('<principal>', 'key: and the id of a key, or person: and the id of a person')
    .action(async (principal: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        await engine.unblockPrincipal(principal);
        process.stdout.write(`Unblocked ${principal} at ${engine.place}.\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial keys unblock key:5f0c3a9b1d2e');
}

const sentence = (what: string, { id, name, permissions }: ApiKeyInfo, { place }: Engine): string =>
  `${what} the key ${id} (${name}; ${permissionsText(permissions).replaceAll(',', ', ')}) of ${place}.`;

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
