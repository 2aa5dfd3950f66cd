import { describe, expect, it } from '@jest/globals';
import { FACTS, validateFact, type FactName } from '#contracts';
import { sampleOf } from '#testing';
import fc from 'fast-check';
import { factEvent } from './fact-event.js';

const named = { source: 'perennial/spec', id: '1', occurredAt: 0, contentHash: new Uint8Array(16) };

describe('the event of a fact', () => {
  it.each(FACTS.map(({ name }) => name))('%s is written as its contract says, in its newest version', (name) => {
    fc.assert(
      fc.property(sampleOf(name), (data) => {
        const event = factEvent({ ...named, name, data });
        expect(event).toMatchObject({ type: name, meta: '{}' });
        expect(validateFact(name, event.schemaVersion, JSON.parse(event.data))).toEqual({ ok: true });
      }),
      { numRuns: 20 },
    );
  });

  it('is not written where the data say something else', () => {
    const draft = { ...named, name: 'person-erased' as FactName };
    expect(() => factEvent({ ...draft, data: { subjectIds: [], customerId: null } })).toThrow('/subjectIds');
    expect(() => factEvent({ ...draft, data: { subjectIds: ['ann@example.com'], customerId: null } })).toThrow(
      TypeError,
    );
  });
});
