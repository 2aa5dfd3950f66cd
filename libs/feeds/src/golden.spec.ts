import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from '@jest/globals';
import { carried } from './relay/cloud-event.js';
import { OUTPUTS } from './outputs.js';
import { OUTBOX_NOTIFIER } from './testdata/published.js';

const GOLDEN = join(import.meta.dirname, '../golden');
const ajv = new Ajv({ strict: false, validateFormats: false });

interface Golden {
  readonly type: string;
  readonly required: readonly string[];
  readonly messages: readonly { readonly key: string; readonly value: unknown }[];
}

/**
 * What channels built upon, as it was first told: these files are never edited, only added to. A feed may tell more than they
 * know; it may not stop telling what they rely on, nor tell it otherwise.
 */
describe('the golden files', () => {
  it.each(OUTPUTS.map((feed) => [feed.name, feed] as const))('%s is told as it always was', (name, feed) => {
    const golden = JSON.parse(readFileSync(join(GOLDEN, `${name}.v1.json`), 'utf8')) as Golden;
    expect(feed.type).toBe(golden.type);
    expect(feed.schema['required']).toEqual(expect.arrayContaining([...golden.required]));
    const messages = OUTBOX_NOTIFIER.map((said) => carried(feed, said)).filter((message) => message !== null);
    const told = messages.map(({ key, value }) => ({
      key,
      value: value === null ? null : (JSON.parse(String(value)) as unknown),
    }));
    expect(told).toMatchObject(golden.messages);
    const validate = ajv.compile(feed.schema);
    for (const { value } of golden.messages)
      if (value !== null) expect([validate(value), validate.errors]).toEqual([true, null]);
  });
});
