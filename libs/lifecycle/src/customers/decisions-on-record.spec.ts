import { describe, expect, it } from '@jest/globals';
import { foldDecisions, type DecisionEvent } from './decisions-on-record.js';

let position = 0;
const event = (type: string, data: object): DecisionEvent => ({
  ...{ type, data: JSON.stringify(data), occurredAt: 0, source: 'perennial', id: `e${++position}`, position },
});
const standing = (events: readonly DecisionEvent[]) =>
  foldDecisions([], events).map(({ decisionId, kind, endedAt }) => `${decisionId} ${kind} ${endedAt ?? 'stands'}`);

describe('the decisions of a log', () => {
  const merged = event('customers-merged', { decisionId: 'm', one: ['a'], other: ['b'] });
  const unmerged = event('customers-unmerged', { decisionId: 'u', one: ['b'], other: ['a'], merge: 'm' });
  const lifted = event('keep-apart-lifted', { decisionId: 'u', one: ['b'], other: ['a'] });

  it('a merge stands until an unmerge of the two subjects, and that until it is lifted', () => {
    expect(standing([merged])).toEqual(['m merge stands']);
    expect(standing([merged, unmerged])).toEqual(['m merge 2', 'u unmerge stands']);
    expect(standing([merged, unmerged, lifted])).toEqual(['m merge 2', 'u unmerge 3']);
  });

  it('told twice, or page by page, are the same', () => {
    const events = [merged, unmerged, lifted];
    expect(standing([...events, ...events])).toEqual(standing(events));
    expect(foldDecisions(foldDecisions([], events.slice(0, 2)), events.slice(2))).toEqual(foldDecisions([], events));
  });

  it('a lifting of a merge, or of what is not known, changes nothing', () => {
    expect(standing([merged, event('keep-apart-lifted', { decisionId: 'm', one: ['a'], other: ['b'] })])).toEqual([
      'm merge stands',
    ]);
    expect(standing([lifted])).toEqual([]);
  });
});
