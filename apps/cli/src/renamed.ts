import { Command, Option } from 'commander';
import { usage } from './exit-codes.js';

/** Adds an option by its former name: it is not shown, and is rejected with the name that it has now. */
export function withRenamedOption(command: Command, former: string, current: string): Command {
  return command.addOption(
    new Option(`${former} [value]`)
      .argParser(() => {
        throw usage(`${former} is not an option any more: it is called ${current} now.`);
      })
      .hideHelp(),
  );
}

/** Adds a command by its former name: it is not shown, and is rejected with the name that it has now. */
export function withRenamedCommand(parent: Command, former: string, current: string): Command {
  const command = new Command(former)
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(() => {
      throw usage(`'${former}' is not a command any more: it is called '${current}' now.`);
    });
  return parent.addCommand(command, { hidden: true });
}
