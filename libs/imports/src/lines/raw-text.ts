import { hash } from 'node:crypto';
import type { RawLine } from './line-cutter.js';

/** Bytes that are kept of what cannot be read. */
const KEPT_BYTES = 4_096;

/** Text that stands for bytes that are no text: their beginning in base64, with their hash where that is not all of them. So two such are told apart. */
export function rawText(bytes: Uint8Array, cut: RawLine['cut'] = null): string {
  const kept = Buffer.from(bytes.subarray(0, KEPT_BYTES)).toString('base64');
  if (cut === null && bytes.length <= KEPT_BYTES) return `base64:${kept}`;
  return `base64:${kept}… sha256:${cut?.sha256 ?? hash('sha256', bytes, 'hex')}`;
}
