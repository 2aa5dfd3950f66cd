import { hash } from 'node:crypto';
import type { SubjectKey } from './key-store.js';

/** The key of a subject, from its stored secret. */
export function subjectKey(id: string, secret: Uint8Array): SubjectKey {
  return new LazySubjectKey(id, secret);
}

/** Derives the hash prefix on first use: most keys of a touchpoint only seal. */
class LazySubjectKey implements SubjectKey {
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

/** The 16 bytes of an id in hex. */
export function bytesOf(id: string): Buffer {
  const bytes = Buffer.from(id, 'hex');
  if (bytes.length !== 16) throw new TypeError(`The id of a key must have 32 hex characters (got ${id.length}).`);
  return bytes;
}
