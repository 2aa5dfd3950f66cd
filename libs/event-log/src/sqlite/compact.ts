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

export function expand(form: Compact): string {
  if (typeof form === 'string') return form;
  const hex = Buffer.from(form.buffer, form.byteOffset, form.byteLength).toString('hex', 1);
  switch (form[0]) {
    case AS_UUID:
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    case AS_SUBJECT:
      return `subject-${hex}`;
    default:
      return hex;
  }
}

function tagged(tag: number, hex: string): Uint8Array {
  const form = Buffer.allocUnsafe(1 + hex.length / 2);
  form[0] = tag;
  form.write(hex, 1, 'hex');
  return form;
}
