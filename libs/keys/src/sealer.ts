import { createCipheriv, createDecipheriv, createHmac, hash, randomFillSync } from 'node:crypto';
import type { KeyStore, SubjectKey } from './key-store.js';
import { KeyedHash } from './keyed-hash.js';
import { LruCache } from './lru-cache.js';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const CONTENT_HASH_BYTES = 16;
/** Version of the sealed form and of the key: `1.` and then base64url of nonce, ciphertext, tag. */
const PREFIX = '1.';
const CACHED = 100_000;
/** Nonces are drawn from the system in portions: a call for each would cost as much as half a seal. */
const NONCE_POOL_BYTES = IV_BYTES * 1_024;

/** Thrown when a sealed text cannot be opened under the key given: altered, cut, or another subject's. */
export class SealBrokenError extends Error {
  constructor(options?: ErrorOptions) {
    super('The sealed text was altered, or it belongs to another subject.', options);
    this.name = 'SealBrokenError';
  }
}

/**
 * Seals and opens personal data under a key per subject, names subjects, and hashes contents.
 * The subject's id is bound to what is sealed: moved to another subject, it does not open.
 */
export class Sealer {
  private readonly names = new LruCache<string, string>(CACHED);
  private readonly identifiers = new LruCache<string, string>(CACHED);
  private readonly nonces = Buffer.allocUnsafe(NONCE_POOL_BYTES);
  private nonceAt = NONCE_POOL_BYTES;
  private readonly keyed: KeyedHash;

  constructor(readonly keys: KeyStore) {
    this.keyed = new KeyedHash(keys.hashKey);
    keys.onDestroyed((ids) => {
      for (const id of ids) this.identifiers.delete(id);
      // Names in the clear lead to the person too; they are few to compute again.
      this.names.clear();
    });
  }

  /**
   * Names a subject: a keyed hash of namespace and normalised value, 32 hex characters. Who was erased under an earlier hash key keeps the
   * name that stands among the erased.
   */
  subjectIdOf(namespace: string, normalisedValue: string): string {
    const name = `${namespace}\0${normalisedValue}`;
    const known = this.names.get(name);
    if (known !== undefined) return known;
    const id = this.keys.earlier?.nameOf(name) ?? this.keyedId(name);
    this.names.set(name, id);
    return id;
  }

  /** A keyed hash of any text under the hash key, 32 hex characters: a name that tells nothing. */
  keyedId(text: string): string {
    return this.keyed.hashOf(text).slice(0, 32);
  }

  seal(key: SubjectKey, text: string): string {
    return this.sealWith(this.nonce(), key, text);
  }

  /**
   * Seals under a new key what was sealed under another one before, always alike, so that a copy that was interrupted is gone on with. The
   * nonce is made of the old seal, of which there are no two: so it is used once under this key.
   */
  reseal(key: SubjectKey, text: string, before: string): string {
    const nonce = createHmac('sha256', key.secret).update(`perennial reseal v1\0${before}`).digest();
    return this.sealWith(nonce.subarray(0, IV_BYTES), key, text);
  }

  private sealWith(nonce: Uint8Array, key: SubjectKey, text: string): string {
    const cipher = createCipheriv(CIPHER, key.secret, nonce);
    cipher.setAAD(Buffer.from(key.id, 'latin1'));
    const head = cipher.update(text, 'utf8');
    const tail = cipher.final();
    return PREFIX + Buffer.concat([nonce, head, tail, cipher.getAuthTag()]).toString('base64url');
  }

  /** Throws `SealBrokenError`. */
  open(key: SubjectKey, sealed: string): string {
    if (!sealed.startsWith(PREFIX)) throw new SealBrokenError();
    const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
    if (bytes.length < IV_BYTES + TAG_BYTES) throw new SealBrokenError();
    const decipher = createDecipheriv(CIPHER, key.secret, bytes.subarray(0, IV_BYTES));
    decipher.setAAD(Buffer.from(key.id, 'latin1'));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const head = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([head, decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new SealBrokenError({ cause });
    }
  }

  /** Seals the value that names the key's own subject: it is always the same, so it is sealed once per process. */
  sealIdentifier(key: SubjectKey, normalisedValue: string): string {
    const known = this.identifiers.get(key.id);
    if (known !== undefined) return known;
    const sealed = this.seal(key, normalisedValue);
    this.identifiers.set(key.id, sealed);
    return sealed;
  }

  /**
   * Opens many at once. Null where the subject was erased (or never had a key). Throws `SealBrokenError`.
   */
  async openMany(
    items: readonly { readonly subjectId: string; readonly sealed: string }[],
  ): Promise<(string | null)[]> {
    const keys = await this.keys.keysFor(items.map(({ subjectId }) => subjectId));
    return items.map(({ subjectId, sealed }) => {
      const key = keys.get(subjectId);
      return key === undefined || key === 'erased' ? null : this.open(key, sealed);
    });
  }

  /** 16 bytes that stand for a content, under the subject's key: without the key nobody can try guesses against it. */
  contentHash(key: SubjectKey, canonicalText: string): Uint8Array {
    // A character of this encoding is a byte: the cheapest way from a digest to its first half, in memory of its own.
    const digest = hash('sha256', key.hashPrefix + canonicalText, 'binary');
    const half = new Uint8Array(CONTENT_HASH_BYTES);
    for (let at = 0; at < CONTENT_HASH_BYTES; at += 1) half[at] = digest.charCodeAt(at);
    return half;
  }

  /** To be used before the next one is drawn: the pool is written again. */
  private nonce(): Buffer {
    if (this.nonceAt === NONCE_POOL_BYTES) {
      randomFillSync(this.nonces);
      this.nonceAt = 0;
    }
    const nonce = this.nonces.subarray(this.nonceAt, this.nonceAt + IV_BYTES);
    this.nonceAt += IV_BYTES;
    return nonce;
  }
}
