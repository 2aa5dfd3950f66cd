import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pointerTo, type ValidationIssue } from '#contracts';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { TypeContracts } from '../types/type-contracts.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { Ingestion } from './ingestion.js';
import { issuesOnRecord } from './issues-on-record.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const contracts = new TypeContracts();
const issue = (pointer: string): ValidationIssue => ({ pointer, detail: 'is wrong', hint: 'change it' });
const recorded = (pointer: string, document: unknown): string =>
  issuesOnRecord([issue(pointer)], document, contracts)[0].pointer;

describe('the issues of a quarantined event', () => {
  it.each([
    ['#/data/lines/0/quantity', 'order-placed', '#/data/lines/0/quantity'],
    ['#/identifiers/2/value', 'order-placed', '#/identifiers/2/value'],
    ['#', 'order-placed', '#'],
    ['#/data/attributes/ann@shop.example/a/a', 'profile-updated', '#/data/attributes/*/*/*'],
    ['#/data/attributes/0/1', 'profile-updated', '#/data/attributes/*/*'],
    ['#/ann@shop.example', 'order-placed', '#/*'],
    ['#/data/lines/0/ann@shop.example', 'order-placed', '#/data/lines/0/*'],
    ['#/data/lines/4917188776655/x', 'order-placed', '#/data/lines/*/*'],
    ['#/data/ann', 'no-such-type', '#/data/*'],
  ])('%s of a %s is recorded as %s', (pointer, type, expected) => {
    expect(recorded(pointer, { type })).toBe(expected);
  });

  it('hold no name that no contract declares, whatever the document', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 6 }),
        fc.jsonValue(),
        (names, other) => {
          const odd = names.map((name) => `x-${name}`);
          const pointer = recorded(pointerTo('data', ...odd), other);
          expect(pointer).toBe(`#/data${'/*'.repeat(odd.length)}`);
        },
      ),
    );
  });

  it('are told to the sender with the names that the sender wrote, and recorded without them', async () => {
    const log = memoryLog({ clock: { now: () => NOW } });
    const ingestion = new Ingestion({ log, sealer: new Sealer(openSqliteKeyStore({ file: ':memory:' })) });
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ a: inner }), 1);
    const document = orderPlaced({ type: 'profile-updated', data: { attributes: { 'ann@shop.example': deep } } });
    const handler = new IngestTouchpointsHandler(ingestion);
    const { results } = await handler.execute(new IngestTouchpoints([{ document }], NOW));
    expect(results[0]?.outcome).toBe('quarantined');
    expect(decodeURIComponent(results[0]?.pointer ?? '')).toContain('ann@shop.example');
    for await (const page of log.readAll(0)) expect(decodeURIComponent(JSON.stringify(page))).not.toContain('ann@');
  });

  it('record no type that is no name', async () => {
    const log = memoryLog({ clock: { now: () => NOW } });
    const ingestion = new Ingestion({ log, sealer: new Sealer(openSqliteKeyStore({ file: ':memory:' })) });
    const items = ['ann@shop.example', 'call +49 171 88776655', 'a4917188776655'].map((type, n) => ({
      document: orderPlaced({ id: `t-${n}`, type }),
    }));
    await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, NOW));
    for await (const page of log.readAll(0)) expect(JSON.stringify(page)).not.toMatch(/ann@|88776655/);
  });
});
