import { beforeEach, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { TypeContracts } from '../types/type-contracts.js';
import { ChangeSource, ManageSources, RegisterSource, SetSourceStatus } from './manage-sources.js';
import { recordedSources } from './recorded-sources.js';
import { Sources } from './sources.js';

const BY = 'key:5f0c3a9b1d2e';

describe('a source', () => {
  let log: EventLog;
  let sources: Sources;
  let manage: ManageSources;
  beforeEach(() => {
    log = memoryLog();
    sources = new Sources();
    manage = new ManageSources(log, sources, new TypeContracts(), { now: () => 1_000 });
  });

  const register = (document: unknown) => manage.register(new RegisterSource(document, BY));
  const change = (changes: unknown, name = 'shop') => manage.change(new ChangeSource(name, changes, BY));
  const set = (status: 'active' | 'paused' | 'retired', name = 'shop') =>
    manage.setStatus(new SetSourceStatus(name, status, BY));

  it('is registered as a fact in the log, with who did it, and known to every later start', async () => {
    expect(await register({ name: 'shop', kind: 'api', types: ['order-placed'] })).toMatchObject({
      outcome: 'done',
      changed: true,
    });
    expect(sources.of('shop')?.types?.has('order-placed')).toBe(true);
    const [fact] = await log.readStreams([STREAMS.sources]);
    expect(fact).toMatchObject({
      type: 'source-registered',
      source: 'perennial/sources',
      meta: JSON.stringify({ by: BY }),
    });
    expect((await recordedSources(log)).sources.get('shop')?.settings).toMatchObject({ kind: 'api', test: false });
  });

  it('twice is the same as once, and in another form a conflict', async () => {
    await register({ name: 'shop', kind: 'api' });
    expect(await register({ kind: 'api', name: 'shop' })).toMatchObject({ outcome: 'done', changed: false });
    expect(await register({ name: 'shop', kind: 'kafka' })).toMatchObject({ outcome: 'conflict' });
    expect(await log.head()).toMatchObject({ position: 1 });
  });

  it('is changed field by field, and null removes a field', async () => {
    await register({ name: 'shop', kind: 'api', channel: 'web', currency: 'EUR' });
    expect(await change({ channel: 'app', currency: null, test: true })).toMatchObject({
      outcome: 'done',
      source: { settings: { name: 'shop', kind: 'api', channel: 'app', test: true } },
    });
    expect(sources.of('shop')?.settings).not.toHaveProperty('currency');
    expect(await change({ channel: 'app' })).toMatchObject({ outcome: 'done', changed: false });
    expect(await change({ channel: 'app' }, 'app')).toEqual({ outcome: 'unknown' });
  });

  it('is paused and resumed, and retired for good', async () => {
    await register({ name: 'shop', kind: 'api' });
    expect(await set('paused')).toMatchObject({ outcome: 'done', source: { status: 'paused' } });
    expect(await set('paused')).toMatchObject({ outcome: 'done', changed: false });
    expect(await set('active')).toMatchObject({ outcome: 'done', source: { status: 'active' } });
    expect(await set('retired')).toMatchObject({ outcome: 'done', source: { status: 'retired' } });
    for (const again of [set('active'), change({ channel: 'app' }), register({ name: 'shop', kind: 'api' })])
      expect(await again).toMatchObject({ outcome: 'conflict' });
    expect(await set('paused', 'app')).toEqual({ outcome: 'unknown' });
  });

  it.each([
    ['without a kind', { name: 'shop' }, '#/kind'],
    ['with a field of another name', { name: 'shop', kind: 'api', chanel: 'web' }, '#/chanel'],
    ['with a name of the engine’s own', { name: 'perennial/intake', kind: 'api' }, '#/name'],
    ['with a pattern as its name', { name: 'shop/*', kind: 'api' }, '#/name'],
    ['with a zone that there is not', { name: 'shop', kind: 'api', timeZone: 'Europe/Berln' }, '#/timeZone'],
    ['with a currency that there is not', { name: 'shop', kind: 'api', currency: 'EURO' }, '#/currency'],
    ['with a misspelt type', { name: 'shop', kind: 'api', types: ['order-plced'] }, '#/types/0'],
    [
      'with a version that there is not',
      { name: 'shop', kind: 'api', versions: { 'order-placed': 9 } },
      '#/versions/order-placed',
    ],
    ['that is no object', 'shop', '#'],
  ])('%s is rejected with the place and a hint', async (_, document, pointer) => {
    expect(await register(document)).toMatchObject({
      outcome: 'invalid',
      errors: [expect.objectContaining({ pointer, hint: expect.any(String) })],
    });
    expect(await log.head()).toMatchObject({ position: 0 });
  });

  it('is recorded behind what other processes recorded in between', async () => {
    const elsewhere = new ManageSources(log, new Sources(), new TypeContracts(), { now: () => 1_000 });
    await Promise.all([
      register({ name: 'shop', kind: 'api' }),
      elsewhere.register(new RegisterSource({ name: 'app', kind: 'api' }, BY)),
    ]);
    expect([...(await recordedSources(log)).sources.keys()].sort()).toEqual(['app', 'shop']);
  });
});
