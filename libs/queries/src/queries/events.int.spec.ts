import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MARY, orderPlaced, PERSON_FORMS } from '#testing';
import { ingestingEngine, type IngestingEngine } from '#testing/stores';
import { runQuery } from '../running/run-query.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const ANN = { namespace: 'userId', value: 'ann' };
const FRIEND = { namespace: 'email', value: 'friend@shop.example' };

describe('the events of one customer, for an auditor', () => {
  let engine: IngestingEngine;
  let quarantined: readonly (string | undefined)[];
  beforeAll(async () => {
    engine = await ingestingEngine(() => NOW);
    const mary = MARY.slice(0, 1);
    await engine.take(
      orderPlaced({ id: 'own-1', identifiers: MARY }),
      orderPlaced({ id: 'gift', identifiers: [ANN, { ...MARY[1], role: 'recipient' }] }),
      orderPlaced({ id: 'own-2', identifiers: mary }),
      orderPlaced({
        id: 'referred',
        identifiers: [ANN, { ...MARY[1], role: 'referee' }, { ...FRIEND, role: 'referee' }],
      }),
      orderPlaced({ id: 'alone', identifiers: [ANN] }),
      // Two users are never one customer: the link is rejected, and the event still names both.
      orderPlaced({ id: 'shared', identifiers: [ANN, { namespace: 'loyaltyCard', value: 'LC-99-2210-774' }] }),
    );
    quarantined = await engine.take(...PERSON_FORMS.map(([, body]) => body), { note: 'rosemary.secret@shop.example' });
    await engine.take(orderPlaced({ id: 'own-3', identifiers: mary }));
  }, 120_000);
  afterAll(() => engine.close());

  const named = async (identifier: string, limit = 1_000): Promise<string[]> => {
    const rows: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const paging: Record<string, string> = { limit: String(limit), ...(cursor === '' ? {} : { cursor }) };
      const page = await runQuery(engine.context, 'events', { identifier, ...paging });
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      rows.push(...page.rows.map(({ id, role }) => `${String(role)} ${String(id)}`));
      cursor = page.nextCursor;
    }
    return rows;
  };

  it('include what names them in other roles, in streams of others, and in quarantined bodies of every form', async () => {
    const expected = [
      ...['self own-1', 'recipient gift', 'self own-2', 'referee referred', 'self shared'],
      ...quarantined.slice(0, PERSON_FORMS.length).map((id) => `quarantined ${id}`),
      'self own-3',
    ];
    expect(quarantined).toHaveLength(PERSON_FORMS.length + 1);
    expect(await named('email:mary.secret@shop.example')).toEqual(expected);
    for (const limit of [1, 2, 7]) expect([limit, await named('userId:mary-4711', limit)]).toEqual([limit, expected]);
  }, 120_000);

  it('are found of a person that others name, and that never sent one', async () => {
    expect(await named('email:friend@shop.example')).toEqual(['referee referred']);
    await expect(named('email:stranger@shop.example')).rejects.toMatchObject({ code: 'unknown-customer' });
  });

  it('hold no event of others that does not name them', async () => {
    expect(await named('userId:ann')).toEqual(['self gift', 'self referred', 'self alone', 'self shared']);
  });
});
