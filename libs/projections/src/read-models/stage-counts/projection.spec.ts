import { describe, expect, it } from '@jest/globals';
import type { Row, Writer } from '#database';
import { Sums } from '../../folding/sums.js';
import { day } from '../../testdata/touchpoints.js';
import { STAGE_COUNTS } from './projection.js';

if (STAGE_COUNTS.shape !== 'sum') throw new Error('Sums over stage periods.');
const model = STAGE_COUNTS;

const UTC = [{ timeZone: 'UTC', countedTo: null }];
const period = (from: number, until: number | null): Row => ({
  ...{ customer_id: 's1', seq: 0, cycle: 1, stage: 'retention', phase: 'active' },
  ...{ entered_at: from, left_at: until, policy_version: 'p1' },
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
    expect(model.of(period(day(0), day(9)), 'UTC')).toEqual([
      { time_zone: 'UTC', day: '2024-01-01', stage: 'retention', phase: 'active', entered: 1, left_: 0 },
      { time_zone: 'UTC', day: '2024-01-10', stage: 'retention', phase: 'active', entered: 0, left_: 1 },
    ]);
  });

  it('given a stage period that lasts, count the entry only', () => {
    expect(model.of(period(day(0), null), 'UTC')).toEqual([
      { time_zone: 'UTC', day: '2024-01-01', stage: 'retention', phase: 'active', entered: 1, left_: 0 },
    ]);
  });

  it('count both by the days of a zone', () => {
    expect(model.of(period(day(0.75), day(1.25)), 'Pacific/Auckland').map((row) => row['day'])).toEqual([
      '2024-01-02',
      '2024-01-02',
    ]);
  });

  it('given a stage period that is retracted, change nothing', async () => {
    const sums = new Sums(model, UTC);
    sums.add(period(day(0), day(9)), 1);
    sums.add(period(day(0), day(9)), -1);
    expect(await written(sums)).toEqual([]);
  });

  it('are counted in each zone for the customers that are counted there so far', async () => {
    const sums = new Sums(model, [
      { timeZone: 'UTC', countedTo: null },
      { timeZone: 'Pacific/Auckland', countedTo: 's1' },
      { timeZone: 'America/Lima', countedTo: 's0' },
    ]);
    sums.add(period(day(0.75), null), 1);
    const [zones, days] = await written(sums);
    expect([zones, days]).toEqual(['{"Pacific/Auckland","UTC"}', '{"2024-01-02","2024-01-01"}']);
  });

  it('given a late event that moves an end, move the departure to its new day', async () => {
    const sums = new Sums(model, UTC);
    sums.add(period(day(0), day(9)), -1);
    sums.add(period(day(0), day(8)), 1);
    const [, days, stages, phases, entered, left] = await written(sums);
    expect([days, stages, phases, entered, left]).toEqual([
      '{"2024-01-09","2024-01-10"}',
      '{"retention","retention"}',
      '{"active","active"}',
      '{0,0}',
      '{1,-1}',
    ]);
  });
});
