import { hash } from 'node:crypto';
import { decodeUnicode } from '#contracts';
import type { RawLine } from './line-cutter.js';

/** Bytes that are kept of what cannot be read. */
const KEPT_BYTES = 4_096;
/** A character has at most so many bytes in UTF-8. */
const CHARACTER_BYTES = 4;

/**
 * Text that stands for bytes that cannot be read: their beginning as text or in base64, and their hash where that is not all of them. So two of them
 * are told apart by their bytes.
 */
export function rawText(bytes: Uint8Array, cut: RawLine['cut'] = null): string {
  if (cut === null && bytes.length <= KEPT_BYTES) return inBase64(bytes);
  const head = bytes.subarray(0, KEPT_BYTES);
  const digest = cut?.sha256 ?? hash('sha256', bytes, 'hex');
  return `${beginning(head) ?? inBase64(head)}… sha256:${digest}`;
}

const inBase64 = (bytes: Uint8Array): string => `base64:${Buffer.from(bytes).toString('base64')}`;

/** The text of bytes whose last character may be cut off; null where they are no text. */
function beginning(bytes: Uint8Array): string | null {
  for (let less = 0; less < CHARACTER_BYTES; less += 1) {
    const text = decodeUnicode(bytes.subarray(0, bytes.length - less));
    if (text !== null) return text;
  }
  return null;
}
