import {
  issueOfFlaw,
  likelyEncoding,
  readJson,
  readJsonDigits,
  readJsonInTurns,
  unicodeDocument,
  type JsonFlaw,
  type JsonReading,
  type UnicodeText,
} from '#contracts';
import { markedEncoding, type Encoding } from '#imports';
import { Rejection } from '../pipeline/rejection.js';
import { TURN, type Turns } from '../pipeline/turns.js';

/** A JSON body, with its text. */
export interface JsonBody extends JsonReading {
  readonly text: string;
}

/** Why bytes are not JSON. */
export interface NotJson {
  readonly code: 'malformed' | 'not-utf-8';
  readonly detail: string;
}

const NOT_JSON: NotJson = { code: 'malformed', detail: 'The body is not valid JSON.' };

/**
 * Reads the JSON of a body or a message. Its bytes are UTF-8, or what a byte-order mark says, and no byte is replaced. `form` tells a form of ours from one
 * that a mapping reads: there the digits of every number are kept, and the text may have another encoding.
 */
export function readJsonBody(bytes: Buffer, form: 'ours' | 'mapped' = 'ours', encoding?: Encoding): JsonBody | NotJson {
  const decoded = encoding === undefined ? unicodeDocument(bytes) : decodedBy(encoding, bytes);
  if (decoded === null) return { code: 'not-utf-8', detail: notUtf8(bytes) };
  const { text, utf8 } = decoded;
  const reading = form === 'ours' ? readJson(text, utf8) : readJsonDigits(text, utf8);
  return reading === null ? NOT_JSON : { ...reading, text };
}

/** A shorter body is decoded, parsed and looked through in one turn: that takes less than parsing a long one. */
const PAUSED_BYTES = 4 * TURN.bytes;

/** Reads a body in the same way, a long one with pauses: only parsing itself holds the event loop. */
export async function readJsonBodyInTurns(bytes: Buffer, { next }: Turns): Promise<JsonBody | NotJson> {
  if (bytes.length < PAUSED_BYTES) return readJsonBody(bytes);
  const decoded = unicodeDocument(bytes);
  if (decoded === null) return { code: 'not-utf-8', detail: notUtf8(bytes) };
  await next();
  const { text, utf8 = Buffer.from(text) } = decoded;
  const reading = await readJsonInTurns(text, utf8, next);
  await next();
  return reading === null ? NOT_JSON : { ...reading, text };
}

/** A byte-order mark counts more than the encoding of a mapping. */
function decodedBy(given: Encoding, bytes: Buffer): UnicodeText | null {
  const { encoding, length } = markedEncoding(bytes) ?? { encoding: given, length: 0 };
  const text = encoding.decode(bytes.subarray(length));
  return text === null ? null : { text };
}

const notUtf8 = (bytes: Buffer): string => `The body is not UTF-8; it looks like ${likelyEncoding(bytes)}.`;

/** The reason for bytes that are not UTF-8, wherever they stand. */
export function notUtf8Rejection(pointer: string, bytes: Uint8Array): Rejection {
  return Rejection.of(
    'not-utf-8',
    pointer,
    `must be UTF-8 (it looks like ${likelyEncoding(bytes)})`,
    'encode the text as UTF-8 before it is sent',
  );
}

/** The rejection of what is flawed; null where nothing is. `at` is where the document stands in the event. */
export function rejectionOf(flaws: readonly JsonFlaw[], at = '#'): Rejection | null {
  const [first] = flaws;
  return first === undefined ? null : Rejection.ofIssues(first.code, flaws.map(issueOfFlaw), at);
}

/** The flaws of each item of a list, with their places in it. */
export function flawsByItem(flaws: readonly JsonFlaw[]): ReadonlyMap<number, readonly JsonFlaw[]> {
  const byItem = new Map<number, JsonFlaw[]>();
  for (const { code, keys } of flaws) {
    const [item, ...inner] = keys;
    const flaw = { code, keys: inner };
    const listed = byItem.get(item as number);
    if (listed === undefined) byItem.set(item as number, [flaw]);
    else listed.push(flaw);
  }
  return byItem;
}
