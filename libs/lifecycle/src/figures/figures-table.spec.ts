import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { figuresTable } from './figures-table.js';

/** The cells of the first table of a text: how it is spaced does not matter. */
const cells = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s-]+$/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));

it('docs/figures.md has every figure as the registry has it', () => {
  const manual = readFileSync('docs/figures.md', 'utf8');
  const table = manual.slice(manual.indexOf('| figure'));
  expect(cells(table.slice(0, table.indexOf('\n\n')))).toEqual(cells(figuresTable()));
});
