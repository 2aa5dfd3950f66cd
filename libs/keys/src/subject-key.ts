import { hash } from 'node:crypto';
import type { SubjectKey } from './key-store.js';

/** A key as it is used, made from what a store keeps of it. */
export function subjectKey(id: string, secret: Uint8Array): SubjectKey {
  return new KeyInUse(id, secret);
}

/** What contents are keyed with is derived when it is first asked for: most keys of a touchpoint only seal. */
class KeyInUse implements SubjectKey {
  #hashPrefix: string | null = null;

  constructor(
    readonly id: string,
    readonly secret: Uint8Array,
  ) {}

  get hashPrefix(): string {
    const { buffer, byteOffset, byteLength } = this.secret;
    return (this.#hashPrefix ??= hash(
      'sha256',
      `perennial content v1:${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`,
      'hex',
    ));
  }
}

/** The 16 bytes that an id names. */
export function bytesOf(id: string): Buffer {
  const bytes = Buffer.from(id, 'hex');
  if (bytes.length !== 16) throw new TypeError(`A key's id is 32 hex characters; this one has ${id.length}.`);
  return bytes;
}
