import { describe, expect, it } from '@jest/globals';
import { matchReturns, type ReturnableOrder, type ReturnLine } from './returns.js';

const order = (
  orderId: string,
  at: number,
  left: Readonly<Record<string, number>>,
  customer = 'ann',
): ReturnableOrder => ({
  orderId,
  customer,
  at,
  firstLine: at,
  left: new Map(Object.entries(left)),
});
const back = (line: number, at: number, sku: string, quantity: number, customer = 'ann'): ReturnLine => ({
  line,
  customer,
  at,
  sku,
  quantity,
});

describe('a returned line', () => {
  it('is matched to the latest earlier order that still has enough of the article', () => {
    const orders = [order('A', 1, { cup: 6 }), order('B', 2, { cup: 2, tin: 1 }), order('C', 9, { cup: 6 })];
    const matched = matchReturns(orders, [back(101, 5, 'cup', 3), back(102, 5, 'cup', 2), back(103, 5, 'tin', 1)]);
    expect([...matched]).toEqual([
      [101, { orderId: 'A', completes: false }],
      [102, { orderId: 'B', completes: false }],
      [103, { orderId: 'B', completes: true }],
    ]);
  });

  it('matches nothing where no earlier order of the customer has enough left', () => {
    const orders = [order('A', 1, { cup: 2 }), order('B', 1, { cup: 9 }, 'bob')];
    expect(matchReturns(orders, [back(1, 5, 'cup', 3)]).size).toBe(0);
    expect([...matchReturns(orders, [back(1, 5, 'cup', 2), back(2, 6, 'cup', 1)]).keys()]).toEqual([1]);
    expect(matchReturns([order('A', 6, { cup: 2 })], [back(1, 5, 'cup', 1)]).size).toBe(0);
  });

  it('is matched to an order of the same minute, as the fold puts orders before returns at one instant', () => {
    expect(matchReturns([order('A', 5, { cup: 2 })], [back(1, 5, 'cup', 1)]).get(1)?.orderId).toBe('A');
  });

  it('of two orders at one instant is matched to the one further down the file', () => {
    const orders = [
      { ...order('B', 1, { cup: 1 }), firstLine: 20 },
      { ...order('A', 1, { cup: 1 }), firstLine: 10 },
    ];
    expect(matchReturns(orders, [back(30, 2, 'cup', 1)]).get(30)?.orderId).toBe('B');
  });

  it('is matched in the order of time, wherever it stands in the file', () => {
    const matched = matchReturns([order('A', 1, { cup: 1 })], [back(10, 7, 'cup', 1), back(20, 6, 'cup', 1)]);
    expect([...matched.keys()]).toEqual([20]);
  });
});
