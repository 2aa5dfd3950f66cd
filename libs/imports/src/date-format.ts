import { Temporal } from 'temporal-polyfill';
import { parseInstant, type Instant } from '#contracts';

/** Reads a date in one format and time zone; null where the text does not match. */
export type DateParser = (text: string) => Instant | null;

const TOKENS: Readonly<Record<string, { readonly field: DateField; readonly pattern: string }>> = {
  yyyy: { field: 'year', pattern: '(\\d{4})' },
  MM: { field: 'month', pattern: '(\\d{2})' },
  M: { field: 'month', pattern: '(\\d{1,2})' },
  dd: { field: 'day', pattern: '(\\d{2})' },
  d: { field: 'day', pattern: '(\\d{1,2})' },
  HH: { field: 'hour', pattern: '(\\d{2})' },
  H: { field: 'hour', pattern: '(\\d{1,2})' },
  mm: { field: 'minute', pattern: '(\\d{2})' },
  ss: { field: 'second', pattern: '(\\d{2})' },
  SSS: { field: 'millisecond', pattern: '(\\d{3})' },
};

type DateField = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond';

/**
 * A parser for `iso` (RFC 3339 with its offset), `epoch-seconds`, `epoch-millis`, or a pattern of yyyy MM M dd d HH H mm ss SSS
 * such as `dd/MM/yyyy HH:mm`, read in the time zone. Without an hour the time is 00:00. A local time that a clock change skips is read
 * as the later one; a time that occurs twice, as the first. Null where the pattern itself is not valid.
 */
export function dateParser(format: string, timeZone: string): DateParser | null {
  if (format === 'iso') return parseInstant;
  if (format === 'epoch-seconds') return (text) => (/^-?\d{1,12}$/.test(text) ? Number(text) * 1000 : null);
  if (format === 'epoch-millis') return (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : null);
  const fields: DateField[] = [];
  const source = format.replace(/yyyy|MM|dd|HH|mm|ss|SSS|M|d|H|[^A-Za-z]|[A-Za-z]/g, (token) => {
    const known = TOKENS[token];
    if (known !== undefined) {
      fields.push(known.field);
      return known.pattern;
    }
    return token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  if (new Set(fields).size !== fields.length) return null;
  if (!fields.includes('year') || !fields.includes('month') || !fields.includes('day')) return null;
  const pattern = new RegExp(`^${source}$`);
  const utc = timeZone === 'UTC';
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return null;
    const at = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, millisecond: 0 };
    fields.forEach((field, index) => {
      at[field] = Number(match[index + 1]);
    });
    const millis = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second, at.millisecond);
    const back = new Date(millis);
    // Date.UTC rolls 31 February over into March: a text that does not come back as it was written is not a date.
    if (
      at.year < 100 ||
      back.getUTCMonth() !== at.month - 1 ||
      back.getUTCDate() !== at.day ||
      back.getUTCHours() !== at.hour ||
      back.getUTCMinutes() !== at.minute ||
      back.getUTCSeconds() !== at.second
    )
      return null;
    if (utc) return millis;
    return Temporal.PlainDateTime.from(at).toZonedDateTime(timeZone).epochMilliseconds;
  };
}
