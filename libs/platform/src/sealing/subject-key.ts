import { hash } from 'node:crypto';
import type { SubjectKey } from './key-store.js';

/** A key as it is used, made from what a store keeps of it. */
export function subjectKey(id: string, secret: Uint8Array): SubjectKey {
  return {
    id,
    secret,
    hashPrefix: hash('sha256', `perennial content v1:${Buffer.from(secret).toString('hex')}`, 'hex'),
  };
}

/** The 16 bytes that an id names. */
export function bytesOf(id: string): Buffer {
  const bytes = Buffer.from(id, 'hex');
  if (bytes.length !== 16) throw new TypeError(`A key's id is 32 hex characters; this one has ${id.length}.`);
  return bytes;
}
