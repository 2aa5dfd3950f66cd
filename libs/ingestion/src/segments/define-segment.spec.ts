import { describe, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { DefineSegment, ManageSegments, RemoveSegment } from './define-segment.js';
import { recordedSegments } from './recorded-segments.js';

const clock = { now: () => Date.UTC(2026, 0, 1) };
const vip = (when: unknown = { field: 'orders', op: 'at-least', value: 5 }) => ({ id: 'vip', name: 'VIP', when });

describe('the definition of segments', () => {
  it('counts versions up, and changes nothing for the same definition again, in any order of its fields', async () => {
    const log = memoryLog({ clock });
    const segments = new ManageSegments(log, clock);
    expect(await segments.define(new DefineSegment(vip()))).toMatchObject({ ok: true, version: 1, changed: true });
    const { id, name, when } = vip();
    expect(await segments.define(new DefineSegment({ when, name, id }))).toMatchObject({ version: 1, changed: false });
    const next = vip({ field: 'orders', op: 'at-least', value: 6 });
    expect(await segments.define(new DefineSegment(next, 'key:1'))).toMatchObject({ version: 2, changed: true });
    expect((await recordedSegments(log)).segments.get('vip')).toMatchObject({ version: 2, definition: next });
  });

  it('removes a segment once, unless another one names it, and defines it again as its next version', async () => {
    const log = memoryLog({ clock });
    const segments = new ManageSegments(log, clock);
    expect(await segments.remove(new RemoveSegment('vip'))).toMatchObject({ ok: false, missing: true });
    await segments.define(new DefineSegment(vip()));
    await segments.define(new DefineSegment({ id: 'asleep', name: 'Asleep', when: { all: [{ segment: 'vip' }] } }));
    expect(await segments.remove(new RemoveSegment('vip'))).toMatchObject({
      ok: false,
      errors: [{ pointer: '#', detail: 'is named by the segment asleep' }],
    });
    expect(await segments.remove(new RemoveSegment('asleep'))).toMatchObject({ ok: true, changed: true });
    expect(await segments.remove(new RemoveSegment('vip'))).toMatchObject({ ok: true, version: 1, changed: true });
    expect(await segments.remove(new RemoveSegment('vip'))).toMatchObject({ ok: true, version: 1, changed: false });
    expect(await segments.define(new DefineSegment(vip()))).toMatchObject({ ok: true, version: 2, changed: true });
  });

  it('lets definitions of the same moment follow one another, and none is lost', async () => {
    const log = memoryLog({ clock });
    const segments = new ManageSegments(log, clock);
    const made = await Promise.all(
      [1, 2, 3, 4].map((value) => segments.define(new DefineSegment(vip({ field: 'orders', op: 'equals', value })))),
    );
    expect(made.map((one) => (one.ok ? one.version : 0)).sort()).toEqual([1, 2, 3, 4]);
  });

  it('rejects what names no segment, no field or a sealed field, with the place', async () => {
    const segments = new ManageSegments(memoryLog({ clock }), clock);
    const issues = async (when: unknown) => {
      const verdict = await segments.define(new DefineSegment(vip(when)));
      return verdict.ok ? [] : verdict.errors.map(({ pointer }) => pointer);
    };
    expect(await issues({ segment: 'other' })).toEqual(['#/when/segment']);
    expect(await issues({ did: 'survey-answered', where: [{ field: 'text', op: 'present' }] })).toEqual([
      '#/when/where/0/field',
    ]);
    expect(await issues(null)).toEqual(['#/when']);
  });
});
