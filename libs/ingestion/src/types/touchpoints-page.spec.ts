import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { NAMESPACES, TOUCHPOINT_TYPES } from '#contracts';
import { touchpointsPage } from './touchpoints-page.js';

/** What a page says, without the white space that a formatter may choose. */
const said = (page: string): string =>
  page
    .replace(/\|[\s:|-]*\|(?=\n)/g, (row) => (/[a-z]/i.test(row) ? row : '|'))
    .replace(/[\s\\_*]+/g, ' ')
    .trim();

describe('docs/touchpoints.md', () => {
  const page = readFileSync('docs/touchpoints.md', 'utf8');

  it('is up to date: npm run touchpoints writes it', () => {
    expect(said(page)).toBe(said(touchpointsPage()));
  });

  it.each(TOUCHPOINT_TYPES.map(({ name }) => [name]))('has %s, with a link to it', (name) => {
    expect(page).toContain(`\n### ${name}\n`);
    expect(page).toContain(`(#${name})`);
  });

  it.each(NAMESPACES.map((name) => [name]))('has the namespace %s', (name) => {
    expect(page).toContain(`\`${name}\``);
  });

  it('has examples that are JSON', () => {
    const examples = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, text = '']) => JSON.parse(text) as unknown);
    expect(examples.length).toBeGreaterThan(TOUCHPOINT_TYPES.length);
  });
});
