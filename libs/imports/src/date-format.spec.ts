import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { formatInstant } from '#contracts';
import { dateParser, formatIssue, isLocale, type DateContext } from './date-format.js';

function read(text: string, format: string, context: Partial<DateContext> | string = 'UTC'): string | null {
  const whole = typeof context === 'string' ? { timeZone: context } : { timeZone: 'UTC', ...context };
  const at = dateParser(format, whole)?.(text) ?? null;
  return at === null ? null : formatInstant(at);
}

describe('a date in a file', () => {
  it.each([
    ['19970101', 'yyyyMMdd', 'UTC', '1997-01-01T00:00:00Z'],
    ['19970101', 'yyyyMMdd', 'America/New_York', '1997-01-01T05:00:00Z'],
    ['2010-12-01 08:26:00', 'yyyy-MM-dd HH:mm:ss', 'UTC', '2010-12-01T08:26:00Z'],
    ['1/7/2024 9:05', 'd/M/yyyy H:mm', 'Europe/London', '2024-07-01T08:05:00Z'],
    ['2024-03-01T10:00:00+02:00', 'iso', 'UTC', '2024-03-01T08:00:00Z'],
    ['1700000000', 'epoch-seconds', 'UTC', '2023-11-14T22:13:20Z'],
    ['1700000000.25', 'epoch-seconds', 'Europe/Berlin', '2023-11-14T22:13:20.250Z'],
    ['1700000000123', 'epoch-millis', 'UTC', '2023-11-14T22:13:20.123Z'],
  ])('%s as %s in %s is %s', (text, format, zone, instant) => {
    expect(read(text, format, zone)).toBe(instant);
  });

  it.each([
    ['2024-03-05 14:22:09 -0500', 'yyyy-MM-dd HH:mm:ss Z', '2024-03-05T19:22:09Z'],
    ['2024-07-05 14:22:09 -0400', 'yyyy-MM-dd HH:mm:ss ZZ', '2024-07-05T18:22:09Z'],
    ['2024-03-05 14:22:09 +02:00', 'yyyy-MM-dd HH:mm:ss ZZZ', '2024-03-05T12:22:09Z'],
    ['2024-03-05 14:22:09 +02', 'yyyy-MM-dd HH:mm:ss Z', '2024-03-05T12:22:09Z'],
    ['2024-03-05T14:22:09Z', "yyyy-MM-dd'T'HH:mm:ssZ", '2024-03-05T14:22:09Z'],
    ['2024-03-05T14:22:09.120+0530', "yyyy-MM-dd'T'HH:mm:ss.SSSZ", '2024-03-05T08:52:09.120Z'],
    ['2024-03-05 14:22:09 UTC', 'yyyy-MM-dd HH:mm:ss Z', '2024-03-05T14:22:09Z'],
    ['2024-03-05 14:22:09 GMT+2', 'yyyy-MM-dd HH:mm:ss Z', '2024-03-05T12:22:09Z'],
    ['05.03.2024 02:22 PM -05:00', 'dd.MM.yyyy hh:mm a Z', '2024-03-05T19:22:00Z'],
    ['Wed Aug 27 13:08:45 +0200 2008', 'EEE MMM d HH:mm:ss Z yyyy', '2008-08-27T11:08:45Z'],
    ['2024-03-05 14:22 America/New_York', 'yyyy-MM-dd HH:mm z', '2024-03-05T19:22:00Z'],
  ])('with its offset: %s as %s is %s, whatever the time zone', (text, format, instant) => {
    expect(read(text, format, 'Asia/Tokyo')).toBe(instant);
    expect(read(text, format, 'UTC')).toBe(instant);
  });

  it.each([
    ['2024-05-01 00:00:53 +0200', '2024-04-30T22:00:53Z'],
    ['2024-05-01 00:00:53 -05:00', '2024-05-01T05:00:53Z'],
    ['2024-05-01T00:00:53+02', '2024-04-30T22:00:53Z'],
    ['2024-05-01T00:00:53.5Z', '2024-05-01T00:00:53.500Z'],
    ['2024-05-01 00:00:53 UTC', '2024-05-01T00:00:53Z'],
    ['2024-05-01 00:00Z', '2024-05-01T00:00:00Z'],
    ['2024-05-01 10:30', '2024-05-01T08:30:00Z'],
    ['2024-05-01', '2024-04-30T22:00:00Z'],
    ['2024-05', null],
    ['2024-W05-2', null],
    ['2024-123', null],
    ['10:30', null],
    ['2024-02-30', null],
  ])('as iso in Berlin: %s is %s', (text, instant) => {
    expect(read(text, 'iso', 'Europe/Berlin')).toBe(instant);
  });

  it.each([
    ['3/5/2024 2:22 PM', 'M/d/yyyy h:mm a', 'en', '2024-03-05T14:22:00Z'],
    ['3/5/2024 12:00 am', 'M/d/yyyy h:mm a', 'en', '2024-03-05T00:00:00Z'],
    ['3/5/2024 12:00 PM', 'M/d/yyyy hh:mm a', 'en', '2024-03-05T12:00:00Z'],
    ['05 Mar 2024', 'dd MMM yyyy', 'en', '2024-03-05T00:00:00Z'],
    ['5 SEPT 2024', 'd MMM yyyy', 'en', '2024-09-05T00:00:00Z'],
    ['5 Sep 2024', 'd MMM yyyy', 'en', '2024-09-05T00:00:00Z'],
    ['March 5, 2024', 'MMMM d, yyyy', 'en', '2024-03-05T00:00:00Z'],
    ['5. März 2024', 'd. MMMM yyyy', 'de', '2024-03-05T00:00:00Z'],
    ['05. Dez. 2024', 'dd. MMM yyyy', 'de', '2024-12-05T00:00:00Z'],
    ['5 mars 2024', 'd MMMM yyyy', 'fr', '2024-03-05T00:00:00Z'],
    ['5 de marzo de 2024', "d 'de' MMMM 'de' yyyy", 'es', '2024-03-05T00:00:00Z'],
    ['5 мая 2024', 'd MMMM yyyy', 'ru', '2024-05-05T00:00:00Z'],
  ])('with names: %s as %s in the language %s is %s', (text, format, locale, instant) => {
    expect(read(text, format, { locale })).toBe(instant);
  });

  it.each([
    ['05.03.24', 60, '2024-03-05T00:00:00Z'],
    ['05.03.60', 60, '2060-03-05T00:00:00Z'],
    ['05.03.61', 60, '1961-03-05T00:00:00Z'],
    ['05.03.61', 99, '2061-03-05T00:00:00Z'],
    ['05.03.24', 20, '1924-03-05T00:00:00Z'],
    ['05.03.2024', 60, null],
    ['05.03.024', 60, null],
  ])('with a year of two digits: %s with the pivot %d is %s', (text, yearPivot, instant) => {
    expect(read(text, 'dd.MM.yy', { yearPivot })).toBe(instant);
  });

  it.each([
    ['45356', 'serial-1900', 'UTC', '2024-03-05T00:00:00Z'],
    ['45356.5986', 'serial-1900', 'UTC', '2024-03-05T14:21:59Z'],
    ['45356,598715278', 'serial-1900', 'America/New_York', '2024-03-05T19:22:09Z'],
    ['43894', 'serial-1904', 'UTC', '2024-03-05T00:00:00Z'],
    ['1', 'serial-1900', 'UTC', '1900-01-01T00:00:00Z'],
    ['59', 'serial-1900', 'UTC', '1900-02-28T00:00:00Z'],
    ['60', 'serial-1900', 'UTC', null],
    ['61', 'serial-1900', 'UTC', '1900-03-01T00:00:00Z'],
    ['0', 'serial-1904', 'UTC', '1904-01-01T00:00:00Z'],
    ['0', 'serial-1900', 'UTC', null],
    ['-3', 'serial-1900', 'UTC', null],
    ['2024-03-05', 'serial-1900', 'UTC', null],
  ])('of a spreadsheet: %s as %s in %s is %s', (text, format, zone, instant) => {
    expect(read(text, format, zone)).toBe(instant);
  });

  it('that a clock change skips is the later one, and one that occurs twice is the first', () => {
    expect(read('2024-03-31 02:30', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')).toBe('2024-03-31T01:30:00Z');
    expect(read('2024-10-27 02:30', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')).toBe('2024-10-27T00:30:00Z');
  });

  it('with an offset says which of the two a doubled time is', () => {
    const format = 'yyyy-MM-dd HH:mm:ss Z';
    expect(read('2024-10-27 02:30:00 +0200', format, 'Europe/Berlin')).toBe('2024-10-27T00:30:00Z');
    expect(read('2024-10-27 02:30:00 +0100', format, 'Europe/Berlin')).toBe('2024-10-27T01:30:00Z');
  });

  it.each(['19970230', '19971301', '1997010', '199701011', '', '1997-01-01', '00000101'])(
    '%j is not a yyyyMMdd',
    (text) => {
      expect(read(text, 'yyyyMMdd')).toBeNull();
    },
  );

  it('must have an offset where the pattern has one', () => {
    expect(read('2024-03-05 14:22:09', 'yyyy-MM-dd HH:mm:ss Z')).toBeNull();
    expect(read('2024-03-05 14:22:09 -0500', 'yyyy-MM-dd HH:mm:ss')).toBeNull();
  });

  it('of any instant and offset is read as it was written', () => {
    const day = 86_400_000;
    fc.assert(
      fc.property(
        fc.integer({ min: -20_000 * day, max: 40_000 * day }).map((ms) => Math.floor(ms / 1000) * 1000),
        fc.integer({ min: -14 * 60, max: 14 * 60 }),
        (at, offset) => {
          const local = new Date(at + offset * 60_000).toISOString();
          const minutes = Math.abs(offset);
          const pad = (part: number): string => String(part).padStart(2, '0');
          const written = `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`;
          const text = `${local.slice(0, 10)} ${local.slice(11, 19)} ${written}`;
          return (
            dateParser('yyyy-MM-dd HH:mm:ss Z', 'Asia/Kolkata')?.(text) === at &&
            dateParser('iso', 'UTC')?.(text) === at
          );
        },
      ),
    );
  });

  it('without an offset is the same as in the calendar of the zone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2_500_000_000 }),
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
        (seconds, zone) => {
          const local = new Date(seconds * 1000).toISOString().slice(0, 19);
          const expected = Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;
          const pattern = dateParser("yyyy-MM-dd'T'HH:mm:ss", zone)?.(local);
          return pattern === expected && dateParser('iso', zone)?.(local) === expected;
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a format of dates', () => {
  it.each([
    ['yyyy-MM', 'must have year, month and day: it has no day'],
    ['yyyy-MM-dd dd', 'must name the day once'],
    ['yyyy-MM-dd HH:mm:ss XX', 'must not have the unknown letters XX'],
    ['yyyy-MM-dd HH:mm:ss UTC', 'must not have the unknown letters U'],
    ['YYYY-MM-DD', 'must not have the unknown letters YYYY'],
    ['yyyy-MM-ddTHH:mm', 'must not have the unknown letters T'],
    ['dd/MM/yyyyy', 'must not have the unknown letters yyyyy'],
    ['dd/MM/yyyy hh:mm', 'must have a (AM or PM) beside h or hh; the hour of 24 is H or HH'],
    ['dd/MM/yyyy HH:mm a', 'must have the hour as h or hh beside a (AM or PM)'],
    ["yyyy-MM-dd'T", 'must close the quote that it opens'],
    ['yyyy-MM-dd Z z', 'must have either an offset (Z) or a zone (z)'],
  ])('%s %s', (format, issue) => {
    expect(formatIssue(format)).toBe(issue);
    expect(dateParser(format, 'UTC')).toBeNull();
  });

  it.each(['iso', 'serial-1900', 'dd.MM.yyyy', "d 'de' MMMM 'de' yyyy", 'M/d/yy h:mm a', 'yyyyMMdd'])(
    '%s can be used',
    (format) => {
      expect(formatIssue(format)).toBeNull();
    },
  );

  it('has names in the languages of the runtime', () => {
    expect(isLocale('de-AT')).toBe(true);
    expect(isLocale('not a language')).toBe(false);
  });
});
