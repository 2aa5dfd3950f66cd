import { describe, expect, it } from '@jest/globals';
import type { ImportItem, ItemOutcome } from '#imports';
import type { Engine } from '../engine/engine.js';
import { RowsInQuarantine } from './rows-in-quarantine.js';

/** An engine that lists these open events, and records what is discarded. */
const engineWith = (open: readonly { readonly quarantineId: string; readonly rowId: string | null }[]) => {
  const discarded: string[] = [];
  const engine = {
    runQuery: async () => ({ rows: open, nextCursor: null }),
    discardMany: async ({ ids }: { readonly ids: readonly string[] }) => {
      discarded.push(...ids);
      return { closed: ids.length };
    },
  } as unknown as Engine;
  return { engine, discarded };
};
const read = (...rows: string[]) =>
  ({ kind: 'touchpoint', line: 1, touchpoint: {}, origin: { rows } }) as unknown as ImportItem;
const outcome = (outcome: string, quarantineId?: string) =>
  ({ outcome, ...(quarantineId === undefined ? {} : { quarantineId, code: 'x' }) }) as ItemOutcome;

describe('what earlier imports of a file left in quarantine', () => {
  const OPEN = [
    { quarantineId: 'q1', rowId: 'row-1' },
    { quarantineId: 'q2', rowId: 'row-2' },
    { quarantineId: 'q3', rowId: 'row-3' },
  ];

  it('is replaced by a row that is read now, still open where it is quarantined as it was, and else not in the file', async () => {
    const { engine, discarded } = engineWith(OPEN);
    const rows = await RowsInQuarantine.ofFile(engine, 'a.csv');
    rows.add([read('row-1'), read('row-2')], [outcome('accepted'), outcome('duplicate', 'q2')]);
    expect([rows.stillOpen, rows.notInFile]).toEqual([1, 1]);
    expect(await rows.close(engine, 'a.csv')).toBe(1);
    expect(discarded).toEqual(['q1']);
  });

  it('is nothing where nothing is open', async () => {
    const { engine, discarded } = engineWith([]);
    const rows = await RowsInQuarantine.ofFile(engine, 'a.csv');
    rows.add([read('row-1')], [outcome('quarantined', 'q9')]);
    expect([rows.stillOpen, rows.notInFile, await rows.close(engine, 'a.csv')]).toEqual([0, 0, 0]);
    expect(discarded).toEqual([]);
  });
});
