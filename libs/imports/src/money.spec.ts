import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NumberFormat } from './decimal.js';
import { InvalidValue } from './invalid-value.js';
import { currencyCode, parseMoney } from './money.js';

const exact = (text: string, currency = 'EUR', format: NumberFormat = {}) =>
  parseMoney(text, currency, 'reject', 'amount', format);

function codeOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidValue) return error.code;
    throw error;
  }
}

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
    ['1,234.50', 'EUR', 123450],
    ['1 234.50', 'EUR', 123450],
    ['1\u202f234.50', 'EUR', 123450],
    ["1'234.50", 'CHF', 123450],
    ['1\u2019234\u2019567.50', 'CHF', 123456750],
    ['12,34,567.00', 'INR', 123456700],
    ['1 000', 'EUR', 100000],
  ])('%s %s is %d minor units', (text, currency, minor) => {
    expect(exact(text, currency)).toBe(minor);
  });

  it.each([
    '1,50',
    '1,234',
    '1e3',
    '',
    'abc',
    '--1',
    '.',
    '0x10',
    '1.2.3',
    '1,23.4',
    '1234,567.0',
    '5-5',
    '(-5)x',
    '1 00',
  ])('%j is not an amount', (text) => {
    expect(codeOf(() => exact(text))).toMatch(/money-malformed|currency-differs/);
  });

  it.each([
    ['12,50', 1250],
    ['1.234,50', 123450],
    ['1 234,50', 123450],
    ['1.234', 123400],
    ['1.234.567', 123456700],
    ['1234,5', 123450],
    ['12.50', 'money-malformed'],
    ['1,234.50', 'money-malformed'],
  ])('with a decimal comma: %s is %s', (text, minor) => {
    expect(codeOf(() => exact(text, 'EUR', { decimalSeparator: ',' }))).toBe(minor);
  });

  it.each([
    ['12,50', 'EUR', 1250],
    ['12.50', 'EUR', 1250],
    ['1.234,50', 'EUR', 123450],
    ['1,234.50', 'EUR', 123450],
    ['1.234.567', 'EUR', 123456700],
    ['1234,567', 'KWD', 1234567],
    ['0,125', 'KWD', 125],
    ['1,234', 'JPY', 1234],
    ['1,234', 'EUR', 'money-ambiguous'],
    ['1.234', 'EUR', 'money-ambiguous'],
    ['1234', 'EUR', 123400],
  ])('whose separator shows by itself: %s %s is %s', (text, currency, minor) => {
    expect(codeOf(() => exact(text, currency, { decimalSeparator: 'auto' }))).toBe(minor);
  });

  it('may say which separator stands between thousands', () => {
    expect(exact('1,234', 'EUR', { thousandsSeparator: ',' })).toBe(123400);
    expect(exact('1,234', 'KWD', { decimalSeparator: 'auto', thousandsSeparator: '.' })).toBe(1234);
    expect(codeOf(() => exact("1'234,5", 'EUR', { decimalSeparator: ',', thousandsSeparator: '.' }))).toBe(
      'money-malformed',
    );
  });

  it.each([
    ['(12.50)', -1250],
    ['12.50-', -1250],
    ['-12.50', -1250],
    ['\u221212.50', -1250],
    ['- 12.50', -1250],
    ['+12.50', 1250],
    ['(\u20ac12.50)', -1250],
    ['\u20ac(12.50)', -1250],
    ['-\u20ac12.50', -1250],
    ['\u20ac-12.50', -1250],
    ['-(12.50)', 'money-malformed'],
    ['-12.50-', 'money-malformed'],
  ])('negative as bookkeepers write it: %s is %s', (text, minor) => {
    expect(codeOf(() => exact(text))).toBe(minor);
  });

  it.each([
    ['\u20ac 12.50', 'EUR', 1250],
    ['12.50 \u20ac', 'EUR', 1250],
    ['12.50 eur', 'EUR', 1250],
    ['EUR12.50', 'EUR', 1250],
    ['$19.99', 'USD', 1999],
    ['$19.99', 'CAD', 1999],
    ['US$19.99', 'USD', 1999],
    ['CA$19.99', 'CAD', 1999],
    ['\u00a31,019.99', 'GBP', 101999],
    ['\u00a51200', 'JPY', 1200],
    ['12.50 z\u0142', 'PLN', 1250],
    ['1250 Ft', 'HUF', 125000],
    ['12.50 kr', 'SEK', 1250],
    ['Rs. 12.50', 'INR', 1250],
    ['R$ 12.50', 'BRL', 1250],
    ['Fr. 12.50', 'CHF', 1250],
    ['$19.99', 'EUR', 'currency-differs'],
    ['\u20ac19.99', 'USD', 'currency-differs'],
    ['19.99 USD', 'EUR', 'currency-differs'],
    ['12.50 pieces', 'EUR', 'currency-differs'],
  ])('with its currency: %s in %s is %s', (text, currency, minor) => {
    expect(codeOf(() => exact(text, currency))).toBe(minor);
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

  it('keeps every digit, whatever the amount and its separators', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 }),
        fc.constantFrom<readonly [string, string]>(['.', ''], ['.', ','], [',', '.'], [',', ' '], ['.', "'"]),
        fc.constantFrom('before', 'after', 'parentheses'),
        (minor, [decimal, grouping], style) => {
          const digits = String(Math.abs(minor)).padStart(3, '0');
          const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, grouping);
          const amount = `${whole}${decimal}${digits.slice(-2)}`;
          const signed = { before: `-${amount}`, after: `${amount}-`, parentheses: `(${amount})` }[style];
          const text = minor < 0 ? signed : amount;
          for (const decimalSeparator of [decimal as '.' | ',', 'auto'] as const)
            expect(exact(text, 'EUR', { decimalSeparator })).toBe(minor === 0 ? 0 : minor);
        },
      ),
    );
  });
});

describe('the code of a currency', () => {
  it('is read in any case', () => {
    expect([' usd ', 'Eur', 'JPY', 'euro', '', '$'].map(currencyCode)).toEqual(['USD', 'EUR', 'JPY', null, null, null]);
  });
});
