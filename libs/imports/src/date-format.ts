import { DateTime, FixedOffsetZone, Settings } from 'luxon';
import { Temporal } from 'temporal-polyfill';
import { parseInstant, type Instant } from '#contracts';

/** Reads a date in one format; null where the text does not match. */
export type DateParser = (text: string) => Instant | null;

/** What the texts of a file need beside the format. */
export interface DateContext {
  /** IANA time zone of dates without an offset. */
  readonly timeZone: string;
  /** BCP 47 tag of the language of month names, weekdays and AM/PM. */
  readonly locale?: string;
  /** The last two-digit year that belongs to 2000 and later: with 60, `60` is 2060 and `61` is 1961. */
  readonly yearPivot?: number;
}

export const YEAR_PIVOT = 60;
export const LOCALE = 'en';
/** The formats that are not patterns. */
export const NAMED_FORMATS = ['iso', 'epoch-seconds', 'epoch-millis', 'serial-1900', 'serial-1904'] as const;

/** The tokens of a pattern, longest first, each with the part of a date that it reads. Any other letter must stand in single quotes. */
const TOKENS: readonly (readonly [token: string, part: DatePart])[] = [
  ['yyyy', 'year'],
  ['yy', 'year'],
  ['MMMM', 'month'],
  ['MMM', 'month'],
  ['MM', 'month'],
  ['M', 'month'],
  ['dd', 'day'],
  ['d', 'day'],
  ['EEEE', 'weekday'],
  ['EEE', 'weekday'],
  ['HH', 'hour'],
  ['H', 'hour'],
  ['hh', 'hour of 12'],
  ['h', 'hour of 12'],
  ['mm', 'minute'],
  ['m', 'minute'],
  ['ss', 'second'],
  ['s', 'second'],
  ['SSS', 'millisecond'],
  ['a', 'AM or PM'],
  ['ZZZ', 'offset'],
  ['ZZ', 'offset'],
  ['Z', 'offset'],
  ['z', 'zone'],
];

type DatePart =
  | 'year'
  | 'month'
  | 'day'
  | 'weekday'
  | 'hour'
  | 'hour of 12'
  | 'minute'
  | 'second'
  | 'millisecond'
  | 'AM or PM'
  | 'offset'
  | 'zone';

/** The tokens, for messages and documents. */
export const TOKEN_LIST = TOKENS.map(([token]) => token).join(' ');

interface Piece {
  readonly text: string;
  readonly part: DatePart | null;
}

/** What is wrong with a format, as `must …`; null where it can be used. */
export function formatIssue(format: string): string | null {
  if ((NAMED_FORMATS as readonly string[]).includes(format)) return null;
  const pieces = piecesOf(format);
  if (typeof pieces === 'string') return pieces;
  const parts = pieces.flatMap(({ part }) => (part === null ? [] : [part]));
  const twice = parts.find((part, at) => parts.indexOf(part) !== at);
  if (twice !== undefined) return `must name the ${twice} once`;
  const missing = (['year', 'month', 'day'] as const).filter((part) => !parts.includes(part));
  if (missing.length > 0) return `must have year, month and day: it has no ${missing.join(' and no ')}`;
  if (parts.includes('hour of 12') !== parts.includes('AM or PM'))
    return parts.includes('AM or PM')
      ? 'must have the hour as h or hh beside a (AM or PM)'
      : 'must have a (AM or PM) beside h or hh; the hour of 24 is H or HH';
  if (parts.includes('hour') && parts.includes('hour of 12')) return 'must name the hour once';
  if (parts.includes('offset') && parts.includes('zone')) return 'must have either an offset (Z) or a zone (z)';
  return null;
}

/** The pieces of a pattern, or what is wrong with it. */
function piecesOf(pattern: string): readonly Piece[] | string {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < pattern.length) {
    const letter = pattern[at] ?? '';
    if (letter === "'") {
      const end = pattern.indexOf("'", at + 1);
      if (end < 0) return 'must close the quote that it opens';
      pieces.push({ text: pattern.slice(at + 1, end), part: null });
      at = end + 1;
      continue;
    }
    if (!/[A-Za-z]/.test(letter)) {
      pieces.push({ text: letter, part: null });
      at += 1;
      continue;
    }
    const run = new RegExp(`^${letter}+`).exec(pattern.slice(at))?.[0] ?? letter;
    const token = TOKENS.find(([name]) => name === run);
    if (token === undefined) return `must not have the unknown letters ${run}`;
    pieces.push({ text: run, part: token[1] });
    at += run.length;
  }
  return pieces;
}

/**
 * A parser for `iso`, an epoch, a spreadsheet's serial number, or a pattern such as `dd/MM/yyyy HH:mm`. Without an hour the time is 00:00. An offset
 * or zone in the text counts before the time zone of the context. A local time that a clock change skips is read as the later one; a time that
 * occurs twice, as the first. Null where the format itself is not valid.
 */
export function dateParser(format: string, context: DateContext | string): DateParser | null {
  const {
    timeZone,
    locale = LOCALE,
    yearPivot = YEAR_PIVOT,
  } = typeof context === 'string' ? { timeZone: context } : context;
  switch (format) {
    case 'iso':
      return isoParser(timeZone);
    case 'epoch-seconds':
      return (text) => (/^-?\d{1,12}(\.\d{1,9})?$/.test(text) ? Math.round(Number(text) * 1000) : null);
    case 'epoch-millis':
      return (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : null);
    case 'serial-1900':
      return (text) => serialInstant(text, timeZone, 1900);
    case 'serial-1904':
      return (text) => serialInstant(text, timeZone, 1904);
    default:
      return formatIssue(format) === null ? patternParser(format, timeZone, locale, yearPivot) : null;
  }
}

/** Whether the language has names that the library knows. */
export function isLocale(locale: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf([locale]).length === 1;
  } catch {
    return false;
  }
}

const ISO_DAY = /^\d{4}-\d{2}-\d{2}/;

/** ISO 8601 with a day: with or without a time, with a T or a space between, with or without an offset. */
function isoParser(timeZone: string): DateParser {
  return (text) => {
    const exact = parseInstant(text);
    if (exact !== null) return exact;
    if (!ISO_DAY.test(text)) return null;
    const standard = text
      .replace(/^(\S+) +(\d)/, '$1T$2')
      .replace(/ *(?:(Z)|UTC|GMT)$/i, '$1')
      .replace(/ +([+-])/, '$1');
    const zoned = /[ \d]Z$|UTC$|GMT$/i.test(text) ? standard.replace(/Z?$/i, 'Z') : standard;
    return instantOf(DateTime.fromISO(zoned, { zone: UNKNOWN, setZone: true }), timeZone);
  };
}

/** Stands for a zone that the text does not say: no clock has this offset. */
const UNKNOWN = FixedOffsetZone.instance(1);

function instantOf(read: DateTime, timeZone: string): Instant | null {
  if (!read.isValid || read.year < 1000) return null;
  if (read.zone !== UNKNOWN) return read.toMillis();
  const { year, month, day, hour, minute, second, millisecond } = read;
  return localInstant({ year, month, day, hour, minute, second, millisecond }, timeZone);
}

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

function localInstant(at: LocalTime, timeZone: string): Instant {
  if (timeZone === 'UTC') return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second, at.millisecond);
  return Temporal.PlainDateTime.from(at).toZonedDateTime(timeZone).epochMilliseconds;
}

/** The day of an instant in a time zone, as `yyyy-MM-dd`. */
export function dayOf(at: Instant, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate().toString();
}

function patternParser(pattern: string, timeZone: string, locale: string, yearPivot: number): DateParser {
  const pieces = piecesOf(pattern) as readonly Piece[];
  const hasOffset = pieces.some(({ part }) => part === 'offset');
  const shortYear = pieces.some(({ text, part }) => part === 'year' && text === 'yy');
  const parsers = librarysPatterns(pieces, locale).map(([format, language]) => ({
    parser: DateTime.buildFormatParser(format, { locale: language }),
    options: { zone: UNKNOWN, setZone: true, locale: language },
  }));
  return (text) => {
    const given = hasOffset ? withOffset(text) : text;
    if (given === null) return null;
    Settings.twoDigitCutoffYear = yearPivot;
    for (const { parser, options } of parsers) {
      const read = DateTime.fromFormatParser(given, parser, options);
      if (!read.isValid) continue;
      // The library reads three and four digits too where two are asked for.
      if (shortYear && /\d{3}/.test(given.replace(/[+-]\d{4}/, ''))) return null;
      return instantOf(read, timeZone);
    }
    return null;
  };
}

/**
 * The pattern in the words of the library. Month names stand in one form within a date and in another by themselves, and a language may write its
 * short months in several ways: each form is tried.
 */
function librarysPatterns(pieces: readonly Piece[], locale: string): readonly (readonly [string, string])[] {
  const format = (pick: (piece: Piece) => string): string => pieces.map(pick).join('');
  const within = format(({ text, part }) => (part === null ? quoted(text) : part === 'offset' ? 'ZZZ' : text));
  const named = pieces.some(({ text, part }) => part === 'month' && text.length > 2);
  if (!named) return [[within, locale]];
  const alone = format(({ text, part }) =>
    part === null ? quoted(text) : part === 'offset' ? 'ZZZ' : part === 'month' ? text.replaceAll('M', 'L') : text,
  );
  const locales = locale === 'en' ? ['en', 'en-GB'] : [locale];
  return locales.flatMap((language) => [within, alone].map((each) => [each, language] as const));
}

function quoted(text: string): string {
  return /[A-Za-z]/.test(text) ? `'${text}'` : text;
}

/** The text with its offset as `+0200`, in whichever of the usual forms it stands; null where it has none. */
function withOffset(text: string): string | null {
  const named = text.replace(/(?<=[\d ])(?:Z|UTC|GMT)(?=$| )/, '+0000');
  if (named !== text) return named;
  const written = /(?<=[\d: ]|[AP]M|[ap]m)(?:UTC|GMT)?([-+\u2212])(\d{1,2}):?(\d{2})?(?=$| )/;
  const matches = [...text.matchAll(new RegExp(written, 'g'))];
  const last = matches.at(-1);
  if (last === undefined) return null;
  const [whole, sign = '+', hours = '', minutes = '00'] = last;
  const at = last.index;
  return `${text.slice(0, at)}${sign === '\u2212' ? '-' : sign}${hours.padStart(2, '0')}${minutes}${text.slice(at + whole.length)}`;
}

const DAY_SECONDS = 86_400;

/**
 * The instant of a spreadsheet's serial number: days since its epoch, and the time as a fraction, to the second. The calendar that begins in 1900
 * has a 29 February 1900 that never was: number 60 is no date.
 */
function serialInstant(text: string, timeZone: string, system: 1900 | 1904): Instant | null {
  if (!/^\d{1,7}(?:[.,]\d{1,15})?$/.test(text)) return null;
  const serial = Number(text.replace(',', '.'));
  const days = Math.floor(serial);
  if (system === 1900 && (days === 0 || days === 60)) return null;
  const epoch = system === 1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, days < 60 ? 31 : 30);
  const seconds = Math.round((serial - days) * DAY_SECONDS);
  const at = new Date(epoch + (days * DAY_SECONDS + seconds) * 1000);
  if (at.getUTCFullYear() > 9999) return null;
  return localInstant(
    {
      year: at.getUTCFullYear(),
      month: at.getUTCMonth() + 1,
      day: at.getUTCDate(),
      hour: at.getUTCHours(),
      minute: at.getUTCMinutes(),
      second: at.getUTCSeconds(),
      millisecond: 0,
    },
    timeZone,
  );
}
