import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toMinor } from './money.js';

const reject = (text: string, currency = 'EUR') => toMinor(text, currency, 'refuse', 'amount');

describe('a decimal amount', () => {
  it.each([
    ['29.33', 'USD', 2933],
    ['0.1', 'EUR', 10],
    ['.5', 'EUR', 50],
    ['5.', 'EUR', 500],
    ['-0.00', 'EUR', 0],
    ['-12.30', 'EUR', -1230],
    ['1234', 'JPY', 1234],
    ['1.234', 'KWD', 1234],
    ['2.500', 'EUR', 250],
    ['90071992547409.91', 'EUR', 9007199254740991],
  ])('%s %s is %d minor units', (text, currency, minor) => {
    expect(reject(text, currency)).toBe(minor);
  });

  it.each(['1,50', '1 000', '1e3', '', 'abc', '--1', '.', '0x10'])('%j is no amount', (text) => {
    expect(() => reject(text)).toThrow('no decimal amount');
  });

  it('that is no whole number of minor units is rejected, or rounded half away from zero where the mapping says so', () => {
    expect(() => reject('0.001')).toThrow('more decimals');
    expect(() => reject('1.5', 'JPY')).toThrow('more decimals');
    expect(toMinor('0.001', 'GBP', 'half-up', 'p')).toBe(0);
    expect(toMinor('0.005', 'GBP', 'half-up', 'p')).toBe(1);
    expect(toMinor('-0.005', 'GBP', 'half-up', 'p')).toBe(-1);
    expect(toMinor('0.0049999', 'GBP', 'half-up', 'p')).toBe(0);
  });

  it('beyond 2^53 minor units is rejected, never rounded', () => {
    expect(() => reject('90071992547409.92')).toThrow('2^53');
  });

  it('keeps every digit, whatever the amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }), (minor) => {
        const digits = String(Math.abs(minor)).padStart(3, '0');
        const text = `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
        expect(reject(text)).toBe(minor === 0 ? 0 : minor);
      }),
    );
  });
});
