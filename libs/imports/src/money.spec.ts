import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseMoney } from './money.js';

const exact = (text: string, currency = 'EUR') => parseMoney(text, currency, 'reject', 'amount');

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
    expect(exact(text, currency)).toBe(minor);
  });

  it.each(['1,50', '1 000', '1e3', '', 'abc', '--1', '.', '0x10'])('%j is not an amount', (text) => {
    expect(() => exact(text)).toThrow('must be a decimal amount');
  });

  it('that is not a whole number of minor units is rejected, or rounded half away from zero where the mapping says so', () => {
    expect(() => exact('0.001')).toThrow('must have at most');
    expect(() => exact('1.5', 'JPY')).toThrow('must have at most');
    expect(parseMoney('0.001', 'GBP', 'half-up', 'p')).toBe(0);
    expect(parseMoney('0.005', 'GBP', 'half-up', 'p')).toBe(1);
    expect(parseMoney('-0.005', 'GBP', 'half-up', 'p')).toBe(-1);
    expect(parseMoney('0.0049999', 'GBP', 'half-up', 'p')).toBe(0);
  });

  it('beyond 2^53 minor units is rejected, never rounded', () => {
    expect(() => exact('90071992547409.92')).toThrow('2^53');
  });

  it('keeps every digit, whatever the amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }), (minor) => {
        const digits = String(Math.abs(minor)).padStart(3, '0');
        const text = `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
        expect(exact(text)).toBe(minor === 0 ? 0 : minor);
      }),
    );
  });
});
