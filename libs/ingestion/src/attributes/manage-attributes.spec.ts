import { describe, expect, it } from '@jest/globals';
import { TypeRegistry } from '#contracts';
import { attributesInForce } from '#lifecycle';
import { memoryLog } from '#testing';
import { DefineAttribute, ManageAttributes, RemoveAttribute } from './manage-attributes.js';
import { ATTRIBUTES_STREAM, recordedAttributes } from './recorded-attributes.js';

const clock = { now: () => Date.UTC(2026, 0, 1) };
const PLAN = { name: 'plan', version: 1, profile: { type: 'text' } };

describe('the definitions of attributes', () => {
  const log = memoryLog({ clock });
  const manage = new ManageAttributes(log, () => TypeRegistry.BUILT_IN, clock);
  const define = (document: object) => manage.define(new DefineAttribute(document, 'key:1'));
  const remove = (name: string) => manage.remove(new RemoveAttribute(name, 'key:1'));
  const inForce = async () =>
    attributesInForce((await recordedAttributes(log)).attributes).map(({ name, version }) => `${name}@${version}`);
  const facts = async (): Promise<readonly string[]> => {
    const types: string[] = [];
    for await (const page of log.read(ATTRIBUTES_STREAM)) types.push(...page.map(({ type }) => type));
    return types;
  };

  it('are facts of the log: the same again changes nothing, and versions go up by one, also after a removal', async () => {
    expect(await define(PLAN)).toMatchObject({ outcome: 'done', changed: true, position: 1 });
    expect(await define(PLAN)).toMatchObject({ outcome: 'done', changed: false, position: null });
    const changed = { ...PLAN, profile: { type: 'text', use: 'filterable', sources: ['crm'] } };
    expect(await define(changed)).toMatchObject({
      outcome: 'invalid',
      errors: [{ pointer: '#/version', detail: 'must be 2: versions go up by one, and the newest is 1 (got 1)' }],
    });
    expect(await define({ ...changed, version: 2 })).toMatchObject({ outcome: 'done', changed: true });
    expect(await inForce()).toEqual(['plan@2']);
    expect(await remove('plan')).toMatchObject({ outcome: 'done', changed: true });
    expect(await remove('plan')).toMatchObject({ outcome: 'done', changed: false });
    expect(await inForce()).toEqual([]);
    expect(await define({ ...PLAN, version: 3 })).toMatchObject({ outcome: 'done', changed: true });
    expect(await remove('colour')).toEqual({ outcome: 'unknown' });
    expect(await facts()).toEqual(['attribute-defined', 'attribute-defined', 'attribute-removed', 'attribute-defined']);
  });

  it('that are not valid are rejected with the place, and nothing is recorded', async () => {
    const before = (await facts()).length;
    expect(await define({ name: 'birthday', version: 1, profile: { type: 'dat' } })).toMatchObject({
      outcome: 'invalid',
      errors: [{ pointer: '#/profile/type' }],
    });
    expect(await define([])).toMatchObject({ outcome: 'invalid', errors: [{ pointer: '#' }] });
    expect((await facts()).length).toBe(before);
  });

  it('of two processes that define at the same moment stand one behind the other', async () => {
    const documents = ['a', 'b', 'c'].map((name) => ({ ...PLAN, name }));
    const verdicts = await Promise.all(documents.map(define));
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
    expect(await inForce()).toEqual(['a@1', 'b@1', 'c@1', 'plan@3']);
  });
});
