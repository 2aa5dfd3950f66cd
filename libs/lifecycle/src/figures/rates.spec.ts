import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { when } from '#testing';
import { RateTable } from './rates.js';

const rate = (currency: string, into: string, text: string, day = '2026-03-02') => ({
  ...{ day, currency, in: into, rate: text },
});
const money = (amountMinor: number, currency: string) => ({ amountMinor, currency, at: when('2026-03-02T12:00:00Z') });

describe('rates', () => {
  it('convert money at the rate of its day, rounded half away from zero', () => {
    const table = new RateTable([rate('USD', 'EUR', '0.925')]);
    expect(table.convert(money(1_000, 'USD'), 'EUR', 'UTC')).toEqual({ amountMinor: 925, currency: 'EUR' });
    expect(table.convert(money(-20, 'USD'), 'EUR', 'UTC')).toEqual({ amountMinor: -19, currency: 'EUR' });
  });

  it('know that minor units differ: yen have none', () => {
    const table = new RateTable([rate('JPY', 'EUR', '0.0061'), rate('EUR', 'JPY', '163.5')]);
    expect(table.convert(money(1_000, 'JPY'), 'EUR', 'UTC')).toEqual({ amountMinor: 610, currency: 'EUR' });
    expect(table.convert(money(1_000, 'EUR'), 'JPY', 'UTC')).toEqual({ amountMinor: 1_635, currency: 'JPY' });
  });

  it('report the day and the pair that are missing, and derive none from another day or an inverse', () => {
    const table = new RateTable([rate('EUR', 'USD', '1.08'), rate('USD', 'EUR', '0.92', '2026-03-01')]);
    expect(table.convert(money(5, 'USD'), 'EUR', 'UTC')).toEqual({ day: '2026-03-02', currency: 'USD', in: 'EUR' });
  });

  it('take the day in the zone of the business', () => {
    const table = new RateTable([rate('USD', 'EUR', '0.5', '2026-03-03')]);
    const late = { amountMinor: 100, currency: 'USD', at: when('2026-03-02T23:30:00Z') };
    expect(table.convert(late, 'EUR', 'Europe/Berlin')).toEqual({ amountMinor: 50, currency: 'EUR' });
  });

  it('take the later of two for the same day', () => {
    const table = new RateTable([rate('USD', 'EUR', '0.5'), rate('USD', 'EUR', '0.6')]);
    expect(table.convert(money(100, 'USD'), 'EUR', 'UTC')).toEqual({ amountMinor: 60, currency: 'EUR' });
  });

  it('give the mirror image of a negative amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), fc.integer({ min: 1, max: 9_999 }), (amount, ratio) => {
        const table = new RateTable([rate('USD', 'EUR', `0.${String(ratio).padStart(4, '0')}`)]);
        const of = (minor: number) => table.convert(money(minor, 'USD'), 'EUR', 'UTC');
        const there = of(amount);
        if ('day' in there) throw new Error('no rate');
        expect(of(-amount)).toEqual({ ...there, amountMinor: there.amountMinor === 0 ? 0 : -there.amountMinor });
      }),
    );
  });
});
