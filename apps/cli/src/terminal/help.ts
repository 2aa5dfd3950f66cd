import { Help, type Command } from 'commander';

/** Commander wraps a help text to this width where it does not know that of the terminal. */
const WIDTH = 80;

/** Adds the examples at the end of a command's help. Each of them is written to fit 80 columns. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  return command.addHelpText('after', `\n${title}:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

/** A section of a help text: names, and beside each what it means. */
export function helpSection(title: string, items: readonly (readonly [name: string, meaning: string])[]): string {
  const help = new Help();
  help.helpWidth = WIDTH;
  const width = Math.max(...items.map(([name]) => name.length));
  return [`\n${title}:`, ...items.map(([name, meaning]) => help.formatItem(name, width, meaning, help))].join('\n');
}
