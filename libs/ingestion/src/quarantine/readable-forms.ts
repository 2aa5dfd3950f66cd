import { finished, type Steps } from '../pipeline/turns.js';

/**
 * The forms in which a text can be read once it is decoded: what a channel may have encoded, percent by percent, in HTML, in mail, in base64. An
 * identifier is looked for in each of them.
 */

/** A text of a body, with the name of the field that holds it; null where it has none. */
export interface FieldText {
  readonly field: string | null;
  readonly text: string;
}

/** All texts of a body. */
export interface BodyTexts {
  readonly texts: readonly FieldText[];
  /** False where a part of the body holds what cannot be read: such as a file in base64. */
  readonly whole: boolean;
}

/** Invisible characters that split a text without changing how it looks. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff]/g;

/** The text as it is compared: compatibility forms made equal, lower case, without invisible characters. */
export function folded(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : visible(text).toLowerCase();
}

/** The text with compatibility forms made equal and without invisible characters, in its own case. */
export function visible(text: string): string {
  return ASCII.test(text) ? text : text.normalize('NFKC').replace(INVISIBLE, '');
}

const ASCII = /^[\x20-\x7e]*$/;

/**
 * Every text in a value: names of fields, texts, numbers, at any depth; and each of them decoded in every way that applies.
 * `body` is the value of a JSON document.
 */
export const textsIn = (body: unknown): BodyTexts => finished(textsInSteps(body));

/** The same in steps, each of which says how many characters it read. */
export function* textsInSteps(body: unknown): Steps<BodyTexts> {
  const texts: FieldText[] = [];
  const budget: Budget = { characters: DECODED_MIN, whole: true };
  function* add(field: string | null, text: string): Steps<void> {
    texts.push({ field, text: visible(text) });
    budget.characters += DECODED_PER_CHARACTER * text.length;
    for (const decoded of yield* decodings(text, budget)) texts.push({ field, text: visible(decoded) });
  }
  // No recursion: a body may be deeper than the stack.
  const open: { readonly value: unknown; readonly field: string | null }[] = [{ value: body, field: null }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, field } = next;
    if (typeof value === 'string') yield* add(field, value);
    else if (typeof value === 'number' || typeof value === 'bigint') texts.push({ field, text: String(value) });
    else if (Array.isArray(value)) for (const item of value) open.push({ value: item, field });
    else if (typeof value === 'object' && value !== null) {
      const { namespace } = value as Readonly<Record<string, unknown>>;
      for (const [name, each] of Object.entries(value)) {
        yield* add(null, name);
        // An identifier in our form: its value belongs to the namespace beside it.
        open.push({ value: each, field: name === 'value' && typeof namespace === 'string' ? namespace : name });
      }
    }
  }
  return { texts, whole: budget.whole };
}

/** Bounds what decoding may cost: each character of a body pays for some characters of its decoded forms. */
interface Budget {
  characters: number;
  /** False once something was left out, or holds bytes that are no text. */
  whole: boolean;
}

const DECODED_MIN = 4_096;
const DECODED_PER_CHARACTER = 6;
/** Decodings are applied to what decodings gave, this many times: an address in a link in a mail. */
const DEPTH_MAX = 3;

/** The other texts that a text may stand for. */
function* decodings(text: string, budget: Budget): Steps<readonly string[]> {
  const found = new Set<string>();
  let level = [text];
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const each of level) {
      yield each.length;
      for (const decoded of decodedOnce(each)) {
        if (decoded === null || decoded.length > budget.characters) {
          budget.whole = false;
          continue;
        }
        if (decoded === text || found.has(decoded)) continue;
        budget.characters -= decoded.length;
        found.add(decoded);
        next.push(decoded);
        yield decoded.length;
      }
    }
    level = next;
  }
  return [...found];
}

/** The texts that one text gives by one decoding; null for a part that holds bytes which are no text. */
function* decodedOnce(text: string): Generator<string | null> {
  if (text.includes('%')) yield percentDecoded(text);
  if (text.includes('+')) yield text.replaceAll('+', ' ');
  if (text.includes('&')) yield entitiesDecoded(text);
  if (text.includes('\\')) yield escapesDecoded(text);
  if (text.includes('=')) yield quotedPrintableDecoded(text);
  if (SPELT_OUT.test(text)) yield spelt(text);
  yield* encodedTokens(text);
}

/** Bytes as UTF-8, and as Latin-1 where they are not. */
function textOfBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return text.includes('\ufffd') ? Buffer.from(bytes).toString('latin1') : text;
}

const bytesOfHex = (digits: string): Uint8Array => Buffer.from(digits, 'hex');

function percentDecoded(text: string): string {
  return text
    .replace(/%u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => textOfBytes(bytesOfHex(run.replaceAll('%', ''))));
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', commat: '@', period: '.', plus: '+', lowbar: '_' },
  ...{ hyphen: '-', dash: '-', colon: ':', num: '#', sol: '/', Tab: '\t', NewLine: '\n', shy: '', zwnj: '', zwj: '' },
};

function entitiesDecoded(text: string): string {
  return text
    .replace(/&#(\d{1,7});?/g, (all, code: string) => character(Number(code)) ?? all)
    .replace(/&#x([0-9a-f]{1,6});?/gi, (all, code: string) => character(Number.parseInt(code, 16)) ?? all)
    .replace(/&([A-Za-z]{2,8});/g, (all, name: string) => ENTITIES[name] ?? all);
}

function escapesDecoded(text: string): string {
  return text
    .replace(/\\u\{([0-9a-f]{1,6})\}/gi, (all, code: string) => character(Number.parseInt(code, 16)) ?? all)
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\x([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\([\\/"'@.+_-])/g, '$1');
}

function quotedPrintableDecoded(text: string): string {
  return text
    .replace(/=[ \t]*\r?\n/g, '')
    .replace(/(?:=[0-9a-f]{2})+/gi, (run) => textOfBytes(bytesOfHex(run.replaceAll('=', ''))));
}

/** An address as people spell it out for others: `jane (at) shop [dot] example`; or with blanks and quotes about its parts. */
const SPELT_OUT =
  /[[({<]\s{0,4}(?:at|dot|ät|arroba|punkt|punto)\s{0,4}[\])}>]|\s(?:at|dot|arroba|punkt|punto)\s|\s@|@\s|["']@/i;

function spelt(text: string): string {
  return text
    .replace(/\s{0,4}(?:[[({<]\s{0,4}(?:at|ät|arroba)\s{0,4}[\])}>]|\s(?:at|arroba)\s)\s{0,4}/gi, '@')
    .replace(/\s{0,4}(?:[[({<]\s{0,4}(?:dot|punkt|punto)\s{0,4}[\])}>]|\s(?:dot|punkt|punto)\s)\s{0,4}/gi, '.')
    .replace(/["']?\s{0,4}@\s{0,4}/g, '@');
}

function character(code: number): string | null {
  return code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff) ? String.fromCodePoint(code) : null;
}

/** The shortest run that is tried as base64 or hexadecimal digits: shorter ones are words. */
const ENCODED_MIN = 8;
const HEX = /(?:[0-9a-f]{2}){6,}/gi;
/** A run of this length that decodes to no text is a file or ciphertext, and not a word that happens to look like one. */
const BYTES_MIN = 64;
/** Of the lines into which mail breaks long runs, the shortest. */
const LINE_MIN = 40;

function* encodedTokens(text: string): Generator<string | null> {
  const runs = encodedRuns(text);
  if (runs.length === 0) return;
  const joined = runs.some((run) => isBrokenLine(text, run)) ? text.replace(/\r?\n/g, '') : text;
  const found = joined === text ? runs : encodedRuns(joined);
  for (const { start, end } of found)
    for (const [token] of joined.slice(start, end).matchAll(HEX)) {
      const decoded = readable(bytesOfHex(token.length % 2 === 0 ? token : token.slice(0, -1)));
      if (decoded !== null) yield decoded;
    }
  for (const { start, end } of found) {
    const token = joined.slice(start, end);
    const padding = /^={0,2}/.exec(joined.slice(end, end + 2))?.[0] ?? '';
    if (padding === '' && /^[0-9a-f-]+$/i.test(token)) continue;
    const decoded = readable(Buffer.from(token, 'base64'));
    if (decoded !== null) yield decoded;
    else if (token.length + padding.length >= BYTES_MIN && !isPlainRun(token + padding)) yield null;
  }
}

/** A part of a text, from `start` to before `end`. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** Which characters base64 is written in, and so hexadecimal digits too. */
const IS_ENCODED = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9+/_-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** All runs that are long enough to be tried. Most of a text is skipped: a run of n characters has one at every n-th place. */
export function encodedRuns(text: string): readonly Run[] {
  const runs: Run[] = [];
  const isEncoded = (at: number): boolean => IS_ENCODED[text.charCodeAt(at)] === 1;
  let start = 0;
  while (start + ENCODED_MIN <= text.length) {
    let last = start + ENCODED_MIN - 1;
    while (last >= start && isEncoded(last)) last -= 1;
    if (last >= start) {
      start = last + 1;
      continue;
    }
    let end = start + ENCODED_MIN;
    while (end < text.length && isEncoded(end)) end += 1;
    runs.push({ start, end });
    start = end + 1;
  }
  return runs;
}

/** Whether a run is a line of a file in base64 as mail breaks it. */
function isBrokenLine(text: string, { start, end }: Run): boolean {
  if (end - start < LINE_MIN) return false;
  const next = text.charAt(end);
  if (next !== '\n' && (next !== '\r' || text.charAt(end + 1) !== '\n')) return false;
  return !/[_-]/.test(text.slice(end - LINE_MIN, end));
}

/** Printable text; null for anything else. */
function readable(bytes: Uint8Array): string | null {
  if (bytes.length < 4) return null;
  const text = Buffer.from(bytes).toString('utf8');
  if (text.includes('\ufffd')) return utf16(bytes);
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? utf16(bytes) : text;
}

function utf16(bytes: Uint8Array): string | null {
  if (bytes.length % 2 !== 0) return null;
  const text = Buffer.from(bytes)
    .toString('utf16le')
    .replace(/^\ufeff/, '');
  return /^[\t\n\r\u0020-\u024f]+$/.test(text) ? text : null;
}

/** One letter or digit over and over, or a text without a change of case: padding and paths rather than bytes. */
function isPlainRun(token: string): boolean {
  return /^(.)\1+=*$/.test(token) || !/[a-z]/.test(token) || !/[A-Z]/.test(token) || !/\d/.test(token);
}
