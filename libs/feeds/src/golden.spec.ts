import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from '@jest/globals';
import { toCloudEvent } from './feed.js';
import { FEEDS } from './registry.js';
import { MESSAGES } from './testdata/messages.js';

const GOLDEN = join(import.meta.dirname, '../golden');
const ajv = new Ajv({ strict: false, validateFormats: false });

interface Golden {
  readonly type: string;
  readonly required: readonly string[];
  readonly messages: readonly { readonly key: string; readonly value: unknown }[];
}

/**
 * The messages on which channels rely: after version 1.0 these files are only added to. A feed may publish more fields than they hold; it may not remove
 * or change a field that they hold.
 */
describe('the golden files', () => {
  it.each(FEEDS.map((feed) => [feed.name, feed] as const))('%s publishes what its golden file holds', (name, feed) => {
    const golden = JSON.parse(readFileSync(join(GOLDEN, `${name}.v1.json`), 'utf8')) as Golden;
    expect(feed.type).toBe(golden.type);
    expect(feed.schema['required']).toEqual(expect.arrayContaining([...golden.required]));
    const messages = MESSAGES.map((record) => toCloudEvent(feed, record)).filter((message) => message !== null);
    const published = messages.map(({ key, value }) => ({
      key,
      value: value === null ? null : (JSON.parse(String(value)) as unknown),
    }));
    expect(published).toMatchObject(golden.messages);
    const validate = ajv.compile(feed.schema);
    for (const { value } of golden.messages)
      if (value !== null) expect([validate(value), validate.errors]).toEqual([true, null]);
  });
});
