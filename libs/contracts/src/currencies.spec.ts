import { describe, expect, it } from '@jest/globals';
import { isCurrency, minorDigits, toMinor } from './currencies.js';

describe('currencies', () => {
  it('are those of ISO 4217', () => {
    for (const code of ['EUR', 'USD', 'JPY', 'KWD', 'SEK', 'CLF']) expect(isCurrency(code)).toBe(true);
    for (const code of ['eur', 'XYZ', 'EURO', '', 'ECU', null, 978, 'toString']) expect(isCurrency(code)).toBe(false);
  });

  it('have minor units of their own', () => {
    expect(['EUR', 'JPY', 'KWD', 'CLF', 'XYZ'].map(minorDigits)).toEqual([2, 0, 3, 4, null]);
  });
});

describe('a decimal amount', () => {
  it.each([
    ['23.54', 'EUR', 2354],
    ['23.5', 'EUR', 2350],
    ['23', 'EUR', 2300],
    ['-0.01', 'EUR', -1],
    ['-0.00', 'EUR', 0],
    ['0.285', 'EUR', 29],
    ['1.005', 'EUR', 101],
    ['-1.005', 'EUR', -101],
    ['1999', 'JPY', 1999],
    ['1999.5', 'JPY', 2000],
    ['1.2345', 'KWD', 1235],
    ['9999999999999.99', 'EUR', 999999999999999],
  ])('%s %s is %d in minor units', (decimal, currency, minor) => {
    expect(toMinor(decimal, currency)).toBe(minor);
  });

  it.each(['', '.5', '1,5', '1e3', ' 1', '1.', 'NaN', '99999999999999'])('%j is no amount', (decimal) => {
    expect(toMinor(decimal, 'EUR')).toBeNull();
  });

  it('is nothing without a currency', () => {
    expect(toMinor('1', 'XYZ')).toBeNull();
  });
});
