import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { paramSchemas, QUERIES } from '#queries';
import { EXIT } from './exit-codes.js';
import { program } from './program.js';

const DOCUMENT = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const session = { clock: { now: () => 0 }, stderr: { write: () => true }, signal: new AbortController().signal };
const perennial = await program(session, '0.0.0');

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

/** The commands that people see, each with the words that call it. */
function* visible(command: Command, words: readonly string[] = []): Generator<readonly [name: string, Command]> {
  yield [['perennial', ...words].join(' '), command];
  for (const each of command.createHelp().visibleCommands(command))
    if (each.name() !== 'help') yield* visible(each, [...words, each.name()]);
}

describe('perennial --help', () => {
  it.each(perennial.commands.map((command) => [command.name(), command] as const))(
    '%s has a summary, exit codes and a line in docs/cli.md',
    (name, command) => {
      expect(command.summary()).not.toBe('');
      expect(helpOf(command)).toContain('Exit codes:');
      expect(DOCUMENT).toContain(`| \`perennial ${name}`);
    },
  );

  it.each([...visible(perennial)])(
    'of %s says what it does, shows an example, and fits 80 columns',
    (_name, command) => {
      const help = helpOf(command);
      expect(command.description()).not.toBe('');
      expect(help).toMatch(/Examples?:\n {2}perennial /);
      expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it('offers every query of the API, with all its parameters', () => {
    const parent = perennial.commands.find((command) => command.name() === 'query');
    for (const query of QUERIES) {
      const command = parent?.commands.find((each) => each.name() === query.name);
      const options = command?.options.map((option) => option.long) ?? [];
      for (const name of Object.keys(paramSchemas(query))) expect(options).toContain(`--${name}`);
      expect(options).toEqual(expect.arrayContaining(['--format', '--output', '--data-dir']));
    }
  });

  it('documents every exit code', () => {
    for (const code of Object.values(EXIT)) expect(DOCUMENT).toContain(`| ${code}    |`);
  });
});
