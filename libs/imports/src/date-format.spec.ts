import { describe, expect, it } from '@jest/globals';
import { formatInstant } from '#contracts';
import { dateParser } from './date-format.js';

function read(text: string, format: string, zone = 'UTC'): string | null {
  const at = dateParser(format, zone)?.(text) ?? null;
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
    ['1700000000123', 'epoch-millis', 'UTC', '2023-11-14T22:13:20.123Z'],
  ])('%s as %s in %s is %s', (text, format, zone, instant) => {
    expect(read(text, format, zone)).toBe(instant);
  });

  it('that a clock change skips is the later one, and one that occurs twice is the first', () => {
    expect(read('2024-03-31 02:30', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')).toBe('2024-03-31T01:30:00Z');
    expect(read('2024-10-27 02:30', 'yyyy-MM-dd HH:mm', 'Europe/Berlin')).toBe('2024-10-27T00:30:00Z');
  });

  it.each(['19970230', '19971301', '1997010', '199701011', '', '1997-01-01', '00000101'])(
    '%j is not a yyyyMMdd',
    (text) => {
      expect(read(text, 'yyyyMMdd')).toBeNull();
    },
  );

  it('needs a pattern with year, month and day once each', () => {
    expect(dateParser('yyyy-MM', 'UTC')).toBeNull();
    expect(dateParser('yyyy-MM-dd dd', 'UTC')).toBeNull();
    expect(dateParser('dd.MM.yyyy', 'UTC')).not.toBeNull();
  });
});
