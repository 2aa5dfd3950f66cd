import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from '@jest/globals';
import { TOUCHPOINT_TYPES } from '#contracts';
import { carried } from '../relay/cloud-event.js';
import { OUTPUTS } from '../outputs.js';
import { OUTBOX_NOTIFIER } from '../testdata/published.js';
import { asyncApiDocument } from './document.js';

type Node = Record<string, unknown>;

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const document = asyncApiDocument(version) as Node;
const schemas = (document['components'] as Node)['schemas'] as Record<string, Node>;
const ajv = new Ajv({ strict: false, validateFormats: false });

describe('the AsyncAPI document', () => {
  it('in docs/ is this one: npm run asyncapi writes it', () => {
    expect(JSON.parse(readFileSync('docs/asyncapi.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('refers to nothing that is not there', () => {
    const refs: string[] = [];
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { $ref } = value as Node;
      if (typeof $ref === 'string') refs.push($ref);
      Object.values(value).forEach(visit);
    };
    visit({ ...document, components: { ...(document['components'] as Node), schemas: {} } });
    expect(refs.length).toBeGreaterThan(TOUCHPOINT_TYPES.length);
    for (const pointer of refs) {
      let at: unknown = document;
      for (const step of pointer.slice(2).split('/')) at = (at as Node)[step];
      expect([pointer, typeof at]).toEqual([pointer, 'object']);
    }
  });

  it('has a schema of every touchpoint and of every feed, and each compiles', () => {
    for (const { name } of TOUCHPOINT_TYPES) expect(Object.keys(schemas)).toContain(name);
    for (const schema of Object.values(schemas)) expect(() => ajv.compile(schema)).not.toThrow();
  });

  it('holds every feed to its schema: what is sent is what is written', () => {
    let sent = 0;
    for (const feed of OUTPUTS) {
      const validate = ajv.compile(feed.schema);
      for (const each of OUTBOX_NOTIFIER) {
        const message = carried(feed, each);
        if (message === null || message.value === null) continue;
        sent += 1;
        expect([validate(JSON.parse(String(message.value))), validate.errors]).toEqual([true, null]);
        expect(validate({ ...JSON.parse(String(message.value)), more: 1 })).toBe(false);
      }
    }
    // Four changes of stage, a merge and its end, two words of an action, one profile.
    expect(sent).toBe(9);
  });
});
