import { readsBack } from './digits.js';
import { flawsOf, type JsonFlaw } from './flaws.js';
import { provenByLength } from './proven-by-length.js';
import { scanJson } from './scan.js';
import { endOfNumber, endOfText } from './tokens.js';

/** A JSON text that was read. */
export interface JsonReading {
  readonly value: unknown;
  /** Keys that stand twice, and numbers that lost digits: the caller rejects what holds them. Nearly always empty. */
  readonly flaws: readonly JsonFlaw[];
  /** Where the text is a list: the bytes of each of its items, with the separator before it; about so many where there are no flaws. */
  readonly itemSizes: readonly number[] | null;
}

const NO_FLAWS: readonly JsonFlaw[] = [];
const UTF8 = new TextEncoder();

/**
 * Reads a JSON text, and what `JSON.parse` passes over in silence. `bytes` are the text in UTF-8, where they are at hand. Null where it is not
 * JSON.
 */
export function readJson(text: string, bytes?: Uint8Array): JsonReading | null {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    return null;
  }
  return strictReading(text, bytes, value);
}

/** The same for a long text: other work may run in the pauses between parsing and looking through it. */
export async function readJsonInTurns(
  text: string,
  bytes: Uint8Array,
  pause: () => Promise<unknown>,
): Promise<JsonReading | null> {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    return null;
  }
  await pause();
  const reading = strictReading(text, bytes, value);
  await pause();
  return reading;
}

/** Most texts are proven to have no flaw by their length; the others are looked through. */
function strictReading(text: string, bytes: Uint8Array | undefined, value: unknown): JsonReading {
  const proof = provenByLength(text, value);
  if (proof !== null) return { value, flaws: NO_FLAWS, itemSizes: inBytes(proof.itemSizes, text, bytes) };
  const { suspicious, itemSizes } = scanJson(bytes ?? UTF8.encode(text));
  return { value, flaws: suspicious ? flawsOf(text) : NO_FLAWS, itemSizes };
}

/** Bytes from characters: as many where all are ASCII, and on the average otherwise. */
function inBytes(
  sizes: readonly number[] | null,
  text: string,
  bytes: Uint8Array | undefined,
): readonly number[] | null {
  if (sizes === null || bytes === undefined || bytes.length === text.length) return sizes;
  const each = bytes.length / text.length;
  return sizes.map((size) => Math.ceil(size * each));
}

/**
 * Reads a JSON text of a form that is not ours: a number whose digits a double does not give back becomes text, with its digits as written. So an
 * id beyond 2^53 stays the id that it is. Null where it is not JSON.
 */
export function readJsonDigits(text: string, bytes?: Uint8Array): JsonReading | null {
  if (!MAY_HOLD_LONG_NUMBER.test(text)) return readJson(text, bytes);
  const quoted = quoteLongNumbers(text);
  return readJson(quoted, quoted === text ? bytes : undefined);
}

const MAY_HOLD_LONG_NUMBER = /[0-9.]{16}|[0-9][eE]/;

/** A number as JSON has it. What is not JSON, such as `007`, is not made JSON by quotes. */
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Puts each number in quotes that would not read back as it stands. */
function quoteLongNumbers(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '"') at = endOfText(text, at);
    else if ((character >= '0' && character <= '9') || character === '-') {
      const end = endOfNumber(text, at);
      const token = text.slice(at, end);
      if (NUMBER.test(token) && !readsBack(token)) {
        parts.push(text.slice(from, at), '"', token, '"');
        from = end;
      }
      at = end - 1;
    }
  }
  return from === 0 ? text : parts.join('') + text.slice(from);
}
