import { HOUR } from '#contracts';
import { describe, expect, it } from '@jest/globals';
import type { Row, Writer } from '#database';
import { Sums } from '../../folding/sums.js';
import { day } from '../../testdata/touchpoints.js';
import { STAGE_COUNTS } from './projection.js';

if (STAGE_COUNTS.shape !== 'sum') throw new Error('Sums over stage periods.');
const model = STAGE_COUNTS;

/** Days in UTC, and a day later under the policy `ahead`. */
const dayOf = (at: number, policyVersion: string): string =>
  new Date(at + (policyVersion === 'ahead' ? 12 * HOUR : 0)).toISOString().slice(0, 10);
const period = (from: number, until: number | null, version = 'p1'): Row => ({
  ...{ customer_id: 's1', seq: 0, cycle: 1, stage: 'retention', phase: 'active' },
  ...{ entered_at: from, left_at: until, policy_version: version },
});

/** What the sums write, as the values of the statements' parameters. */
async function written(sums: Sums): Promise<unknown[]> {
  const params: unknown[] = [];
  const writer = {
    query: (_sql: string, values: readonly unknown[] = []) => (params.push(...values), Promise.resolve([])),
    copyIn: () => Promise.reject(new Error('Sums are added to rows that exist.')),
  };
  await sums.write(writer as unknown as Writer);
  return params;
}

describe('the counts of stages', () => {
  it('given a stage period that ended, count one entry and one departure on their days', () => {
    expect(model.of(period(day(0), day(9)), dayOf)).toEqual([
      { day: '2024-01-01', stage: 'retention', phase: 'active', entered: 1, left_: 0 },
      { day: '2024-01-10', stage: 'retention', phase: 'active', entered: 0, left_: 1 },
    ]);
  });

  it('given a stage period that lasts, count the entry only', () => {
    expect(model.of(period(day(0), null), dayOf)).toEqual([
      { day: '2024-01-01', stage: 'retention', phase: 'active', entered: 1, left_: 0 },
    ]);
  });

  it('count both by the days of the policy that caused the period', () => {
    expect(model.of(period(day(0.75), day(1.25), 'ahead'), dayOf).map((row) => row['day'])).toEqual([
      '2024-01-02',
      '2024-01-02',
    ]);
  });

  it('given a stage period that is retracted, change nothing', async () => {
    const sums = new Sums(model, dayOf);
    sums.add(period(day(0), day(9)), 1);
    sums.add(period(day(0), day(9)), -1);
    expect(await written(sums)).toEqual([]);
  });

  it('given a late event that moves an end, move the departure to its new day', async () => {
    const sums = new Sums(model, dayOf);
    sums.add(period(day(0), day(9)), -1);
    sums.add(period(day(0), day(8)), 1);
    const [days, stages, phases, entered, left] = await written(sums);
    expect([days, stages, phases, entered, left]).toEqual([
      '{"2024-01-09","2024-01-10"}',
      '{"retention","retention"}',
      '{"active","active"}',
      '{0,0}',
      '{1,-1}',
    ]);
  });
});
