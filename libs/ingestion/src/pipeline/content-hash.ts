import { hash } from 'node:crypto';
import { canonical } from './canonical.js';

/** 16 bytes that identify a content without personal data, however its fields are ordered. */
export function plainContentHash(content: unknown): Uint8Array {
  return Buffer.from(hash('sha256', JSON.stringify(canonical(content)), 'hex').slice(0, 32), 'hex');
}
