import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { validateEnvelope, validateTouchpointData } from '#contracts';
import { mappedReader } from './mapped-reader.js';
import { parseMapping } from './mapping.js';
import { PRESETS } from './presets/index.js';
import { readText } from './testdata/read-file.js';

const DOCUMENT = readFileSync(new URL('../../../docs/importing.md', import.meta.url), 'utf8');

const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(DOCUMENT)?.[1] ?? `no ${language} in the document`;

describe('docs/importing.md', () => {
  it('shows a mapping and a file that give what it says they give', async () => {
    const { touchpoints, invalid } = await readText(
      block('csv'),
      mappedReader(parseMapping(JSON.parse(block('json')))),
    );
    expect(touchpoints.map(({ id, type, occurredAt }) => [id, type, occurredAt])).toEqual([
      ['north/1001', 'order-placed', '2026-01-31T08:30:00Z'],
      ['north/1002', 'order-returned', '2026-02-02T16:05:00Z'],
    ]);
    for (const touchpoint of touchpoints) {
      expect(validateEnvelope(touchpoint)).toMatchObject({ ok: true });
      expect(validateTouchpointData(touchpoint.type, 1, touchpoint.data)).toMatchObject({ ok: true });
    }
    expect(invalid.map(({ line, code }) => [line, code])).toEqual([[4, 'customer-missing']]);
  });

  it('names every preset', () => {
    for (const { name } of PRESETS) expect(DOCUMENT).toContain(`| \`${name}\``);
  });
});
