import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DecideCustomers } from '#identity';
import { runQuery } from '#queries';
import { orderPlaced } from '#testing';
import { ingestingEngine, type IngestingEngine } from '#testing/stores';
import { describeCases, vectorCases } from './vectors.js';

/** The cases about merges: each has to be run, or listed below with why it does not apply. */
const CASES = vectorCases('segment-scoring-merge.json').filter(({ id }) => id.startsWith('merge-'));

/** All of these merge destructively: a profile is removed, and its fields are merged by a strategy. Here no event moves, and every figure is folded again. */
const DOES_NOT_APPLY = new Set(CASES.map(({ id }) => id).filter((id) => id !== 'merge-alias'));

describeCases('published cases of merges', CASES, () => {
  let engine: IngestingEngine;
  beforeAll(async () => {
    engine = await ingestingEngine(() => Date.UTC(2026, 5, 1));
  }, 120_000);
  afterAll(() => engine.close());

  it('merge-alias: an old id leads to the customer who survives', async () => {
    expect(CASES.some(({ id }) => id === 'merge-alias')).toBe(true);
    const { context, sealer } = engine;
    await engine.take(
      orderPlaced({ id: 'm', identifiers: [{ namespace: 'email', value: 'u@shop.example' }] }),
      orderPlaced({ id: 'e', identifiers: [{ namespace: 'anonymousId', value: 'e' }] }),
    );
    const [master, old] = [sealer.subjectIdOf('email', 'u@shop.example'), sealer.subjectIdOf('anonymousId', 'e')];
    const customers = new DecideCustomers({ context, sealer });
    const document = { one: master, other: old, reason: 'the same address' };
    expect(await customers.decide({ kind: 'merge', document }, 'local')).toMatchObject({ outcome: 'decided' });
    await engine.projector.catchUp();
    for (const customer of [master, old])
      expect((await runQuery(context, 'customer', { customer })).rows).toMatchObject([
        { customerId: master, touchpoints: 2 },
      ]);
    expect((await runQuery(context, 'customers', {})).rows).toHaveLength(1);
  });

  it.skip.each([...DOES_NOT_APPLY])('%s (describes a destructive merge, and does not apply)', () => undefined);
});
