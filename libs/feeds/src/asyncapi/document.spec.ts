import { readFileSync } from 'node:fs';
import specification from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { describe, expect, it } from '@jest/globals';
import { TOUCHPOINT_TYPES } from '#contracts';
import { toCloudEvent } from '../feed.js';
import { FEEDS } from '../registry.js';
import { MESSAGES } from '../testdata/messages.js';
import { asyncApiDocument } from './document.js';

type Node = Record<string, unknown>;

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const document = asyncApiDocument(version) as Node;
const schemas = (document['components'] as Node)['schemas'] as Record<string, Node>;
const ajv = new Ajv({ strict: false, validateFormats: false });

describe('the AsyncAPI document', () => {
  it('in docs/ is up to date: npm run asyncapi writes it', () => {
    expect(JSON.parse(readFileSync('docs/asyncapi.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('is valid AsyncAPI 3.0, by the JSON Schema of the specification', () => {
    const validate = new Ajv({ strict: false, validateFormats: false, validateSchema: false, meta: false }).compile(
      specification.schemas['3.0.0'] as object,
    );
    expect([validate(JSON.parse(JSON.stringify(document))), validate.errors]).toEqual([true, null]);
    expect(validate({ ...document, operations: { x: { action: 'none' } } })).toBe(false);
  });

  it('has no reference without a target', () => {
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

  it('holds every feed to its schema: no more fields, and no other', () => {
    let sent = 0;
    for (const feed of FEEDS) {
      const validate = ajv.compile(feed.schema);
      for (const each of MESSAGES) {
        const message = toCloudEvent(feed, each);
        if (message === null || message.value === null) continue;
        sent += 1;
        expect([validate(JSON.parse(String(message.value))), validate.errors]).toEqual([true, null]);
        expect(validate({ ...JSON.parse(String(message.value)), more: 1 })).toBe(false);
      }
    }
    // Five stage changes, one of them a resync, a merge and an unmerge, two action changes, one profile, two changes of a segment and two of an account.
    expect(sent).toBe(14);
  });
});
