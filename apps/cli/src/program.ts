import { Command } from 'commander';
import { actsCommand } from './commands/acts.js';
import { backupCommand } from './commands/backup.js';
import { clockCommand } from './commands/clock.js';
import { eraseCommand } from './commands/erase.js';
import { holdCommand } from './commands/hold.js';
import { explainCommand } from './commands/explain.js';
import { exportCommand } from './commands/export.js';
import { factsCommand } from './commands/facts.js';
import { importCommand } from './commands/import.js';
import { keysCommand } from './commands/keys.js';
import { logCommand } from './commands/log.js';
import { fitCommand, predictCommand } from './commands/models.js';
import { loginCommand, logoutCommand, whoamiCommand } from './commands/login.js';
import { moveCommand } from './commands/move.js';
import { policyCommand } from './commands/policy.js';
import { mappingCommand } from './commands/mapping.js';
import { quarantineCommand } from './commands/quarantine.js';
import { queryCommand } from './commands/query.js';
import { rebuildCommand, rollbackCommand, verifyCommand } from './commands/rebuild.js';
import { replayCommand } from './commands/replay.js';
import { restoreCommand } from './commands/restore.js';
import { simulateCommand } from './commands/simulate.js';
import { sourcesCommand } from './commands/sources.js';
import { statsCommand } from './commands/stats.js';
import { subjectRequestCommand } from './commands/subject-request.js';
import { typesCommand } from './commands/types.js';
import { webhooksCommand } from './commands/webhooks.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import type { Session } from './session.js';
import { withExamples } from './terminal/help.js';

/** The whole command line. */
export function program(session: Session, version: string): Command {
  const perennial = new Command('perennial')
    .description(
      'Perennial: an event-sourced customer lifecycle engine. Where the engine is running, a command talks to it; where it is stopped, the command opens the ' +
        'data folder itself.',
    )
    .version(version)
    .showHelpAfterError('Run perennial COMMAND --help for the options and examples of a command.');
  const commands = [
    importCommand,
    factsCommand,
    queryCommand,
    replayCommand,
    explainCommand,
    rebuildCommand,
    rollbackCommand,
    verifyCommand,
    statsCommand,
    clockCommand,
    sourcesCommand,
    keysCommand,
    actsCommand,
    loginCommand,
    logoutCommand,
    whoamiCommand,
    logCommand,
    eraseCommand,
    subjectRequestCommand,
    holdCommand,
    exportCommand,
    backupCommand,
    restoreCommand,
    moveCommand,
    simulateCommand,
    fitCommand,
    predictCommand,
    policyCommand,
    mappingCommand,
    quarantineCommand,
    typesCommand,
    webhooksCommand,
  ];
  for (const command of commands) perennial.addCommand(command(session));
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

function* everyCommand(command: Command): Generator<Command> {
  yield command;
  for (const each of command.commands) yield* everyCommand(each);
}
