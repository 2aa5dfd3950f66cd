import { Command, Option } from 'commander';
import { usage } from './exit-codes.js';

/** Queries by the names that they had before. */
export const FORMER_QUERIES = { fates: 'outcomes', visits: 'stage-periods' } as const;

/** The former names of options, by their current ones. */
const FORMER_OPTIONS = { '--fixed': '--mended' } as const;

/** Adds the former name of an option. Help does not show it; it is rejected with its current name. */
export function withFormerOption(command: Command, current: keyof typeof FORMER_OPTIONS): Command {
  const former = FORMER_OPTIONS[current];
  return command.addOption(
    new Option(`${former} [value]`)
      .argParser(() => {
        throw usage(`${former} is now called ${current}: use ${current} instead.`);
      })
      .hideHelp(),
  );
}

/** Adds the former name of a command. Help does not show it; it is rejected with its current name. */
export function withFormerCommand(parent: Command, former: string, current: string): Command {
  const command = new Command(former)
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(() => {
      throw usage(`'${former}' is now called '${current}': use '${current}' instead.`);
    });
  return parent.addCommand(command, { hidden: true });
}
