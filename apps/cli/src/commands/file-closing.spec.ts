import { describe, expect, it } from '@jest/globals';
import type { ImportItem, ItemOutcome } from '#imports';
import { FileClosing } from './file-closing.js';

const item = (source: string, type: string, more: object = {}): ImportItem =>
  ({ kind: 'touchpoint', touchpoint: { source, type, ...more } }) as unknown as ImportItem;
const invalid = { kind: 'invalid', invalid: {} } as unknown as ImportItem;
const outcomes = (...all: ItemOutcome['outcome'][]): ItemOutcome[] => all.map((outcome) => ({ outcome }));

const closedBy = async (file: string, fill: (closing: FileClosing) => void) => {
  const closing = new FileClosing(file);
  fill(closing);
  let recorded: readonly unknown[] = [];
  await closing.record({ recordFacts: (facts) => Promise.resolve((recorded = facts) as never) });
  return recorded as { readonly id: string; readonly source: string; readonly data: object }[];
};

describe('an import closes its file', () => {
  const fill = (closing: FileClosing): void => {
    closing.add(
      [item('shop', 'order-placed'), item('shop', 'order-placed'), item('pos', 'order-returned'), invalid],
      outcomes('accepted', 'quarantined', 'duplicate', 'quarantined'),
    );
    closing.add(
      [item('shop', 'order-placed', { test: true }), item('shop', 'order-placed')],
      outcomes('accepted', 'suppressed'),
    );
  };

  it('with what it held of each source, by type, and the same again', async () => {
    const facts = await closedBy('orders.csv', fill);
    expect(facts).toMatchObject([
      { source: 'shop', type: 'source-closed', data: { file: 'orders.csv', counts: { 'order-placed': 2 } } },
      { source: 'pos', data: { counts: { 'order-returned': 1 } } },
    ]);
    expect(await closedBy('orders.csv', fill)).toEqual(facts);
  });

  it('not where nothing of it is on record, and not by a name that holds an address', async () => {
    expect(await closedBy('ann@shop.example.csv', fill)).toEqual([]);
    const allBad = (closing: FileClosing): void => closing.add([item('shop', 'x')], outcomes('quarantined'));
    expect(await closedBy('orders.csv', allBad)).toEqual([]);
  });
});
