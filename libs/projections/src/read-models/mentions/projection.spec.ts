import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#event-log';
import { emptyFacts, gather } from '../../indexing/page-facts.js';
import { day, subject, touchpoint } from '../../testdata/touchpoints.js';
import { mentionRow } from './projection.js';
import { MENTIONS } from './table.js';

const ben = subject('email', 'ben@shop.example');

/** A touchpoint of Anna that names Ben in a role. */
const naming = (role: string, test = false): RecordedEvent => {
  const { stream, event } = touchpoint({ who: { userId: 'anna' }, at: day(1), type: 'referral-made', id: 'e1' });
  const meta = JSON.parse(event.meta) as { identifiers: object[] };
  const identifiers = [...meta.identifiers, { namespace: 'email', role, subjectId: ben, sealed: 'sealed:ben' }];
  return {
    ...{ ...event, stream, revision: 0, position: 7, recordedAt: day(2) },
    meta: JSON.stringify({ ...meta, identifiers, ...(test ? { test } : {}) }),
  };
};
const mentions = (...events: RecordedEvent[]) => gather(emptyFacts(), events).mentions;

describe('who is named in touchpoints of others', () => {
  it.each(['referee', 'recipient', 'actor'])('has a row for each event and role: %s', (role) => {
    expect(mentions(naming(role))).toEqual([
      { subjectId: ben, position: 7, role, namespace: 'email', source: 'shop', id: 'e1' },
    ]);
  });

  it('is found beside a subject that is known already', () => {
    const { stream, event } = touchpoint({ who: { userId: 'anna' }, at: day(1), type: 'site-visited' });
    const visit = { ...event, stream, revision: 0, position: 1, recordedAt: day(2) };
    expect(mentions(visit, naming('recipient'))).toHaveLength(1);
  });

  it('is no one that is linked by it, unless it is test traffic, which links nothing', () => {
    expect(mentions(naming('self'))).toEqual([]);
    expect(mentions(naming('self', true))).toMatchObject([{ subjectId: ben, role: 'self' }]);
  });

  it('gives the columns of the table', () => {
    const [fact] = mentions(naming('actor'));
    if (fact === undefined) throw new Error('not named');
    expect(mentionRow(fact)).toEqual({
      ...{ subject_id: ben, position: 7, role: 'actor', namespace: 'email', source: 'shop', event_id: 'e1' },
    });
    expect(Object.keys(mentionRow(fact)).sort()).toEqual(Object.keys(MENTIONS.columns).sort());
  });
});
