/**
 * Ids and stream names as the file holds them: most of them are UUIDs and hashes in hex, which are twice as long as
 * text. The first byte says how to write them out again; what fits no rule stays text. Equal texts always have equal
 * forms, and different texts different ones, so that a unique index over the forms is one over the texts.
 */
export type Compact = string | Uint8Array;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX = /^(?:[0-9a-f]{2}){4,}$/;
const SUBJECT = /^subject-[0-9a-f]{32}$/;

const AS_UUID = 1;
const AS_HEX = 2;
const AS_SUBJECT = 3;

export function compact(text: string): Compact {
  if (text.length === 36 && UUID.test(text)) return tagged(AS_UUID, text.replaceAll('-', ''));
  if (text.length === 40 && SUBJECT.test(text)) return tagged(AS_SUBJECT, text.slice(8));
  if (HEX.test(text)) return tagged(AS_HEX, text);
  return text;
}

/**
 * The text of a form. Written out in one piece: a text that is put together of parts keeps them all, at ten times the memory, and is put together
 * again by the first comparison.
 */
export function expand(form: Compact): string {
  if (typeof form === 'string') return form;
  if (form[0] === AS_UUID) return written(form, UUID_TEXT, UUID_PLACES);
  if (form[0] === AS_SUBJECT) return written(form, SUBJECT_TEXT, SUBJECT_PLACES);
  return Buffer.from(form.buffer, form.byteOffset, form.byteLength).toString('hex', 1);
}

const DIGITS = Buffer.from('0123456789abcdef');
const UUID_TEXT = Buffer.from('00000000-0000-0000-0000-000000000000');
const SUBJECT_TEXT = Buffer.from(`subject-${'0'.repeat(32)}`);
/** Where the two digits of each of the sixteen bytes stand. */
const UUID_PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
const SUBJECT_PLACES = Array.from({ length: 16 }, (_, n) => 8 + 2 * n);

function written(form: Uint8Array, text: Buffer, places: readonly number[]): string {
  for (let n = 0; n < places.length; n += 1) {
    const at = places[n] ?? 0;
    const byte = form[n + 1] ?? 0;
    text[at] = DIGITS[byte >> 4] ?? 0;
    text[at + 1] = DIGITS[byte & 15] ?? 0;
  }
  return text.toString('latin1');
}

function tagged(tag: number, hex: string): Uint8Array {
  const form = Buffer.allocUnsafe(1 + hex.length / 2);
  form[0] = tag;
  form.write(hex, 1, 'hex');
  return form;
}
