import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { EXAMPLE_POLICY, POLICY_PARTS, policyFields, policyFieldsTable } from './reference.js';
import { validatePolicy } from './validate.js';

/** The cells of a table, however it is laid out. */
const cells = (table: string): string[][] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|-]*$/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

describe('the reference of the policy', () => {
  it('stands in docs/policy.md as the document class has it', () => {
    const manual = readFileSync('docs/policy.md', 'utf8');
    expect(cells(manual.slice(manual.indexOf('| field')))).toEqual(cells(policyFieldsTable()));
  });

  it('explains every field, with what it may be', () => {
    for (const { path, meaning, values } of policyFields()) {
      expect([path, meaning.length > 10 || meaning === 'What to do']).toEqual([path, true]);
      expect([path, values]).not.toEqual([path, '']);
    }
    const tops = new Set(policyFields().map(({ path }) => path.replace(/[.[].*$/, '')));
    expect([...tops].sort()).toEqual(Object.keys(EXAMPLE_POLICY).sort());
    for (const part of Object.keys(POLICY_PARTS)) expect(tops).toContain(part);
  });

  it('quotes a policy that is valid', () => {
    expect(validatePolicy(EXAMPLE_POLICY)).toMatchObject({ ok: true });
  });
});
