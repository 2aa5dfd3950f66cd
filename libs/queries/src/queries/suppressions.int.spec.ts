import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import { Identities } from '#ingestion';
import { ManageSuppressions, SuppressionRegister } from '#privacy';
import { day, specEngine, type SpecEngine } from '../testdata/engine.js';
import { runQuery } from '../running/run-query.js';

const HOUR = 3_600_000;

describe('the suppression list', () => {
  let engine: SpecEngine;
  let manage: ManageSuppressions;
  beforeAll(async () => {
    engine = await specEngine();
    manage = suppressionsOf(engine);
  }, 120_000);
  afterAll(() => engine.close());

  const suppressionsOf = ({ log, sealer }: SpecEngine): ManageSuppressions =>
    new ManageSuppressions({
      ...{ log, sealer, identities: new Identities(sealer), clock: { now: () => engine.now } },
      register: new SuppressionRegister(log),
    });
  const add = async (value: string, more: object = {}) => {
    const entry = { namespace: 'email', value, reason: 'request', medium: null, expiresAt: null, ...more } as const;
    const [added] = await manage.add([entry], 'key:officer');
    await engine.catchUp();
    return added?.suppressionId ?? '';
  };
  const listed = async (params: Record<string, string> = {}) =>
    (await engine.all('suppressions', params)).map(({ identifier, reason, state }) => [identifier, reason, state]);
  const actionsOf = async (email: string) =>
    (
      await engine.database.query<{ kind: string; reason: string | null }>(
        'SELECT kind, reason FROM perennial.actions WHERE customer_id = $1 ORDER BY number',
        [engine.subjectId('email', email)],
      )
    ).map(({ kind, reason }) => `${kind}${reason === null ? '' : ` ${reason}`}`);
  const consented = (email: string) => ({
    ...{ who: { email }, at: engine.now - HOUR, type: 'consent-given' },
    data: { purpose: 'marketing', medium: 'email' },
  });

  it('names identifiers, known or not, however they are written, and each once', async () => {
    const id = await add('Ada@Shop.example');
    expect(await add(' ada@shop.example')).toBe(id);
    expect(await add('ada@shop.example', { reason: 'bounce', medium: 'email' })).not.toBe(id);
    expect(await listed()).toEqual(
      expect.arrayContaining([
        ['ada@shop.example', 'request', 'active'],
        ['ada@shop.example', 'bounce', 'active'],
      ]),
    );
    expect(await listed({ 'suppressed-for': 'bounce', medium: 'email' })).toHaveLength(1);
    await engine.tell(consented('ada@shop.example'));
    expect(await actionsOf('ada@shop.example')).toEqual([]);
    // Another process: its register is read from the log.
    expect((await suppressionsOf(engine).lift(id, 'me'))?.lifted).toMatchObject({ by: 'me' });
    expect((await manage.lift(id, 'me'))?.lifted).toMatchObject({ at: engine.now });
    expect(await manage.lift('0'.repeat(32), 'me')).toBeNull();
    await engine.catchUp();
    expect(await listed()).toEqual([['ada@shop.example', 'bounce', 'active']]);
    // Suppressed again, it is another suppression.
    expect(await add('ada@shop.example')).not.toBe(id);
  });

  it('takes many at once, in the order given, and leaves nothing in the clear in the log', async () => {
    const entries = Array.from({ length: 300 }, (_, n) => ({
      ...{
        namespace: 'email',
        value: `person-${n % 150}@list.example`,
        reason: 'legal',
        medium: null,
        expiresAt: null,
      },
    })) as Parameters<ManageSuppressions['add']>[0];
    const added = await manage.add(entries, 'key:officer');
    expect(new Set(added.map(({ suppressionId }) => suppressionId)).size).toBe(150);
    expect(added[7]?.subjectId).toBe(engine.subjectId('email', 'person-7@list.example'));
    await engine.catchUp();
    expect(await engine.all('suppressions', { 'suppressed-for': 'legal' }, 40)).toHaveLength(150);
    let text = '';
    for await (const page of engine.log.read(STREAMS.suppressions, 0))
      for (const { data, meta } of page) text += data + meta;
    expect(text).not.toContain('list.example');
  });

  it('shows hashes alone to a caller without a purpose', async () => {
    const closed = { ...engine.context, opening: null };
    const { rows } = await runQuery(closed, 'suppressions', { 'suppressed-for': 'legal', limit: '3' });
    expect(rows.map(({ identifier }) => identifier)).toEqual([null, null, null]);
    expect(rows[0]?.['subjectId']).toMatch(/^[0-9a-f]{32}$/);
  });

  it('ends at its own instant', async () => {
    engine.now = day(410);
    await add('bea@shop.example', { expiresAt: '2025-02-15T00:00:00Z' });
    await engine.tell(consented('bea@shop.example'));
    expect(await actionsOf('bea@shop.example')).toEqual([]);
    engine.now = Date.UTC(2025, 1, 15);
    await engine.catchUp();
    expect(await actionsOf('bea@shop.example')).toEqual(['proposed']);
    expect(await listed({ state: 'expired' })).toEqual([['bea@shop.example', 'request', 'expired']]);
  });

  it('keeps the hash of a person who was erased, and holds for them as before', async () => {
    await engine.tell(consented('cleo@shop.example'));
    const id = await add('cleo@shop.example', { reason: 'complaint' });
    expect(await actionsOf('cleo@shop.example')).toEqual(['proposed', 'withdrawn suppressed']);
    const subjectId = engine.subjectId('email', 'cleo@shop.example');
    await engine.keys.destroy([subjectId]);
    const row = (await engine.all('suppressions')).find(({ suppressionId }) => suppressionId === id);
    expect(row).toMatchObject({ identifier: null, subjectId, state: 'active' });
    // Added again after the erasure, the list has the hash alone.
    const again = await add('cleo@shop.example', { reason: 'legal' });
    const added = (await engine.all('suppressions')).find(({ suppressionId }) => suppressionId === again);
    expect(added).toMatchObject({ identifier: null, subjectId });
  });
});
