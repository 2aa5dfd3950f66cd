import { describe, expect, it } from '@jest/globals';
import { orderAmountMinor, orderCostMinor } from './order-amount.js';

const kettle = { sku: 'a', quantity: 2, unitPriceMinor: 2495 };

describe('the amount of an order', () => {
  it('is its total where that is given', () => {
    expect(orderAmountMinor({ totalMinor: 0, lines: [kettle] })).toBe(0);
    expect(orderAmountMinor({ totalMinor: -500 })).toBe(-500);
  });

  it('is the sum of its lines, less every discount', () => {
    expect(orderAmountMinor({ lines: [kettle] })).toBe(4990);
    expect(orderAmountMinor({ lines: [{ ...kettle, discountMinor: 490 }], discountMinor: 100 })).toBe(4400);
    expect(orderAmountMinor({ lines: [kettle, { ...kettle, quantity: -1 }] })).toBe(2495);
    expect(Object.is(orderAmountMinor({ lines: [] }), 0)).toBe(true);
  });

  it('is unknown without both', () => {
    expect(orderAmountMinor({ quantity: 3 })).toBeNull();
    expect(orderAmountMinor({ lines: [null] })).toBeNull();
  });
});

describe('the cost of an order', () => {
  it('is given, or the sum of its lines when each has one', () => {
    expect(orderCostMinor({ costMinor: 5, lines: [{ ...kettle, costMinor: 9 }] })).toBe(5);
    expect(
      orderCostMinor({
        lines: [
          { ...kettle, costMinor: 9 },
          { ...kettle, costMinor: 0 },
        ],
      }),
    ).toBe(9);
    expect(orderCostMinor({ lines: [{ ...kettle, costMinor: 9 }, kettle] })).toBeNull();
    expect(orderCostMinor({ lines: [] })).toBeNull();
    expect(orderCostMinor({ totalMinor: 5 })).toBeNull();
  });
});
