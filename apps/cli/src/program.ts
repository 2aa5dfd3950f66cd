import { Command, Help } from 'commander';
import { readCatalogue, type CommandSummary } from './catalogue/catalogue.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import type { Session } from './session.js';
import { withExamples } from './terminal/help.js';

type MakeCommand = (session: Session) => Command | Promise<Command>;

/** Every command, in the order of `perennial --help`. Each is loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  import: async () => (await import('./commands/import.js')).importCommand,
  facts: async () => (await import('./commands/facts.js')).factsCommand,
  query: async () => (await import('./commands/query.js')).queryCommand,
  replay: async () => (await import('./commands/replay.js')).replayCommand,
  explain: async () => (await import('./commands/explain.js')).explainCommand,
  rebuild: async () => (await import('./commands/rebuild.js')).rebuildCommand,
  rollback: async () => (await import('./commands/rebuild.js')).rollbackCommand,
  verify: async () => (await import('./commands/rebuild.js')).verifyCommand,
  stats: async () => (await import('./commands/stats.js')).statsCommand,
  clock: async () => (await import('./commands/clock.js')).clockCommand,
  sources: async () => (await import('./commands/sources.js')).sourcesCommand,
  keys: async () => (await import('./commands/keys.js')).keysCommand,
  sessions: async () => (await import('./commands/sessions.js')).sessionsCommand,
  acts: async () => (await import('./commands/acts.js')).actsCommand,
  login: async () => (await import('./commands/login.js')).loginCommand,
  logout: async () => (await import('./commands/login.js')).logoutCommand,
  whoami: async () => (await import('./commands/login.js')).whoamiCommand,
  log: async () => (await import('./commands/log.js')).logCommand,
  erase: async () => (await import('./commands/erase.js')).eraseCommand,
  'subject-request': async () => (await import('./commands/subject-request.js')).subjectRequestCommand,
  hold: async () => (await import('./commands/hold.js')).holdCommand,
  retention: async () => (await import('./commands/retention.js')).retentionCommand,
  suppression: async () => (await import('./commands/suppression.js')).suppressionCommand,
  restriction: async () => (await import('./commands/restriction.js')).restrictionCommand,
  merge: async () => (await import('./commands/identity.js')).mergeCommand,
  unmerge: async () => (await import('./commands/identity.js')).unmergeCommand,
  'keep-apart': async () => (await import('./commands/identity.js')).keepApartCommand,
  lift: async () => (await import('./commands/identity.js')).liftCommand,
  export: async () => (await import('./commands/export.js')).exportCommand,
  backup: async () => (await import('./commands/backup.js')).backupCommand,
  restore: async () => (await import('./commands/restore.js')).restoreCommand,
  move: async () => (await import('./commands/move.js')).moveCommand,
  simulate: async () => (await import('./commands/simulate.js')).simulateCommand,
  fit: async () => (await import('./commands/models.js')).fitCommand,
  predict: async () => (await import('./commands/models.js')).predictCommand,
  policy: async () => (await import('./commands/policy.js')).policyCommand,
  mapping: async () => (await import('./commands/mapping.js')).mappingCommand,
  quarantine: async () => (await import('./commands/quarantine.js')).quarantineCommand,
  types: async () => (await import('./commands/types.js')).typesCommand,
  type: async () => (await import('./commands/type.js')).typeCommand,
  attribute: async () => (await import('./commands/attribute.js')).attributeCommand,
  segment: async () => (await import('./commands/segment.js')).segmentCommand,
  webhooks: async () => (await import('./commands/webhooks.js')).webhooksCommand,
};

/**
 * The command line.
 *
 * @param words what was given on it: only commands that are among these words are loaded, and the others have a line in the list of
 * commands. Without it, all are loaded.
 */
export async function program(session: Session, version: string, words?: readonly string[]): Promise<Command> {
  const perennial = new Command('perennial')
    .description(
      'Perennial: an event-sourced customer lifecycle engine. Where the engine is running, a command talks to it; where it is stopped, the command opens the ' +
        'data folder itself.',
    )
    .version(version)
    .showHelpAfterError('Run perennial COMMAND --help for the options and examples of a command.');
  const summaries = words === undefined ? null : (await readCatalogue()).commands;
  for (const [name, load] of Object.entries(COMMANDS)) {
    const summary = words?.includes(name) === true ? undefined : summaries?.find((each) => each.name === name);
    perennial.addCommand(summary === undefined ? await (await load())(session) : lineOf(summary));
  }
  perennial.configureHelp({ subcommandTerm: (command) => termOf(command, summaries) });
  for (const command of everyCommand(perennial)) command.exitOverride();
  for (const command of perennial.commands) command.addHelpText('after', EXIT_CODES_HELP);
  withExamples(
    perennial,
    'perennial import CDNOW_sample.txt --preset cdnow',
    'perennial query rfm --as-of 1997-09-30 --unit week --format csv',
    'perennial replay userId:0001',
  );
  return perennial.addHelpText('after', EXIT_CODES_HELP);
}

/** A command that is not called: only its line in the list is shown. */
const lineOf = ({ name, summary }: CommandSummary): Command => new Command(name).summary(summary);

function termOf(command: Command, summaries: readonly CommandSummary[] | null): string {
  const summary = summaries?.find(({ name }) => name === command.name());
  return summary?.term ?? new Help().subcommandTerm(command);
}

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const each of command.commands) yield* everyCommand(each);
}
