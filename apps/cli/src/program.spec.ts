import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { allParams, QUERIES } from '#queries';
import { EXIT } from './exit-codes.js';
import { program } from './program.js';

const DOCUMENT = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const session = { clock: { now: () => 0 }, stderr: { write: () => true }, signal: new AbortController().signal };
const perennial = program(session, '0.0.0');

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

describe('perennial --help', () => {
  it.each(perennial.commands.map((command) => [command.name(), command] as const))(
    '%s has a summary, examples and its exit codes, and a line in docs/cli.md',
    (name, command) => {
      const help = helpOf(command);
      expect(command.summary()).not.toBe('');
      expect(help).toMatch(/Examples?:\n {2}perennial /);
      expect(help).toContain('Exit codes:');
      expect(DOCUMENT).toContain(`| \`perennial ${name}`);
    },
  );

  it('offers every question of the api, with every parameter of it', () => {
    const parent = perennial.commands.find((command) => command.name() === 'query');
    for (const query of QUERIES) {
      const command = parent?.commands.find((each) => each.name() === query.name);
      const options = command?.options.map((option) => option.long) ?? [];
      for (const name of Object.keys(allParams(query))) expect(options).toContain(`--${name}`);
      expect(options).toEqual(expect.arrayContaining(['--format', '--output', '--data-dir']));
    }
  });

  it('documents every exit code', () => {
    for (const code of Object.values(EXIT)) expect(DOCUMENT).toContain(`| ${code}    |`);
  });
});
