import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { RECORDED_FACTS, validateFact } from '#contracts';
import { FactColumnsRejected, factColumns, factRows } from './fact-rows.js';

const RATE = { day: '2026-03-02', currency: 'USD', in: 'EUR', rate: '0.9250' };

/** The data of a fact, which its contract finds right. */
const dataOf = (type: string, row: Readonly<Record<string, string>>) => {
  const [fact] = factRows(type, 'erp', [row]) as { readonly id: string; readonly data: object }[];
  if (fact === undefined) throw new Error('no fact');
  return { ...fact, validity: validateFact(type, 1, fact.data) };
};

describe('rows of facts', () => {
  it('are facts by the names of their fields, a rate as its text', () => {
    expect(factRows('rate-published', 'erp', [RATE])).toMatchObject([
      { source: 'erp', type: 'rate-published', schemaVersion: 1, data: RATE },
    ]);
    expect(dataOf('rate-published', RATE).validity).toEqual({ ok: true });
  });

  it('take amounts in minor units, or in major units of the currency of the row', () => {
    const period = { from: '2026-01-01', until: '2026-02-01', purpose: 'acquisition' };
    expect(dataOf('spend-recorded', { ...period, currency: 'EUR', amount: '12.50' }).data).toMatchObject({
      amountMinor: 1_250,
    });
    expect(dataOf('spend-recorded', { ...period, currency: 'JPY', amount: '1250' }).data).toMatchObject({
      amountMinor: 1_250,
    });
    const minor = dataOf('spend-recorded', { ...period, currency: 'EUR', amountMinor: '1250', campaign: '' });
    expect(minor).toMatchObject({ data: { amountMinor: 1_250 }, validity: { ok: true } });
    expect(minor.data).not.toHaveProperty('campaign');
  });

  it('pass on what is not a number, so that the fact is quarantined with the reason', () => {
    expect(dataOf('actor-surveyed', { actorId: 'a', kind: 'nps', score: 'nine' }).validity).toMatchObject({
      ok: false,
    });
  });

  it('are the same fact when they come again, and another one when they were corrected', () => {
    const [once, twice, corrected] = [RATE, { ...RATE }, { ...RATE, rate: '0.93' }].map(
      (row) => dataOf('rate-published', row).id,
    );
    expect(twice).toBe(once);
    expect(corrected).not.toBe(once);
    expect(dataOf('rate-published', { ...RATE, id: 'r1' }).id).toBe('r1');
  });

  it('are rejected where a column is not known or missing, with the likely name', () => {
    const { rate, ...without } = RATE;
    expect(() => factRows('rate-published', 'erp', [{ ...without, rates: rate }])).toThrow('did you mean rate?');
    expect(() => factRows('rate-published', 'erp', [without])).toThrow('rate is missing');
    expect(() => factRows('policy-published', 'erp', [])).toThrow(FactColumnsRejected);
    expect(() => factRows('source-closed', 'shop', [])).toThrow('needs counts, which holds several values');
    expect(factRows('rate-published', 'erp', [])).toEqual([]);
  });

  it('docs/business-facts.md names every column of every fact', () => {
    const manual = readFileSync('docs/business-facts.md', 'utf8');
    for (const type of RECORDED_FACTS) {
      // A closing holds counts by type: it is sent as JSON.
      if (type === 'source-closed') continue;
      const row = manual.split('\n').find((line) => line.startsWith(`| \`${type}\``)) ?? '';
      const named = [...row.matchAll(/`([A-Za-z-]+)`/g)].map(([, name]) => name).slice(1);
      expect({ type, columns: named }).toEqual({ type, columns: factColumns(type).map(({ name }) => name) });
    }
  });
});
