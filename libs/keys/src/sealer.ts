import { createCipheriv, createDecipheriv, createHmac, hash, randomFillSync } from 'node:crypto';
import type { KeyState, KeyStore, SubjectKey } from './key-store.js';
import { KeyedHash } from './keyed-hash.js';
import { LruCache } from './lru-cache.js';
import { isVersion1, joinParts, partsOf, sealPrefix, type ClassKeyName, type ClassYear } from './sealed-text.js';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const CONTENT_HASH_BYTES = 16;
const CACHED = 100_000;
/** Nonces are drawn from the system many at a time: one call each would cost as much as half a seal. */
const NONCE_POOL_BYTES = IV_BYTES * 1_024;

/** Thrown when a sealed text cannot be opened under the given key: it was altered or cut, or belongs to another subject. */
export class SealBrokenError extends Error {
  constructor(options?: ErrorOptions) {
    super('The sealed text cannot be opened: it was altered, or it belongs to another subject.', options);
    this.name = 'SealBrokenError';
  }
}

/**
 * Seals and opens personal data under a key per subject, derives the ids of subjects, and hashes contents.
 * A sealed text is bound to its subject's id: moved to another subject, it does not open.
 */
export class Sealer {
  private readonly subjectIds = new LruCache<string, string>(CACHED);
  private readonly identifiers = new LruCache<string, string>(CACHED);
  private readonly nonces = Buffer.allocUnsafe(NONCE_POOL_BYTES);
  private nonceAt = NONCE_POOL_BYTES;
  private readonly keyed: KeyedHash;

  constructor(readonly keys: KeyStore) {
    this.keyed = new KeyedHash(keys.hashKey);
    keys.onDestroyed((ids) => {
      for (const id of ids) this.identifiers.delete(id);
      // The cache of ids holds identifiers in the clear; computing the ids again is cheap.
      this.subjectIds.clear();
    });
  }

  /**
   * The id of a subject: a keyed hash of namespace and normalised value, 32 hex characters. A person who was erased under an earlier hash key
   * gets the id that is recorded among the erased.
   */
  subjectIdOf(namespace: string, normalisedValue: string): string {
    const name = `${namespace}\0${normalisedValue}`;
    const known = this.subjectIds.get(name);
    if (known !== undefined) return known;
    const id = this.idOfName(name);
    this.subjectIds.set(name, id);
    return id;
  }

  /** As `subjectIdOf`, without keeping the answer: for values that are tried, and mostly name no subject. */
  subjectIdOnce(namespace: string, normalisedValue: string): string {
    return this.idOfName(`${namespace}\0${normalisedValue}`);
  }

  private idOfName(name: string): string {
    return this.keys.earlier?.erasedIdOf(name) ?? this.keyedId(name);
  }

  /** A keyed hash of any text under the hash key, 32 hex characters: an id that reveals nothing. */
  keyedId(text: string): string {
    return this.keyed.hashOf(text).slice(0, 32);
  }

  /**
   * The code by which a text is recognised as one that this engine wrote: HMAC-SHA-256 under the hash key, 64 hex characters. `purpose` keeps codes for one kind
   * of text from serving as those for another; no namespace begins with a NUL, so none is a subject's id either.
   */
  authenticationCode(purpose: string, text: string): string {
    return this.keyed.hashOf(`\0code\0${purpose}\0${text}`);
  }

  /** The id of the key of a subject for a class of personal fields and a year. No namespace begins with a NUL, so no subject has such an id. */
  classKeyId({ subjectId, personalClass, year }: ClassKeyName): string {
    return this.keyedId(`\0class key\0${subjectId}\0${personalClass}\0${year}`);
  }

  seal(key: SubjectKey, text: string): string {
    return this.sealWith(this.nonce(), key, text, null);
  }

  /** Seals under the key of a class and year: version 2 of the sealed form. */
  sealClass(key: SubjectKey, classYear: ClassYear, text: string): string {
    return this.sealWith(this.nonce(), key, text, classYear);
  }

  /**
   * Seals under a new key what was sealed under another one before, deterministically, so that an interrupted copy can be resumed. The nonce is
   * derived from the old sealed text, which is unique: so it is used once under this key.
   */
  reseal(key: SubjectKey, text: string, before: string, classYear: ClassYear | null = null): string {
    const nonce = createHmac('sha256', key.secret).update(`perennial reseal v1\0${before}`).digest();
    return this.sealWith(nonce.subarray(0, IV_BYTES), key, text, classYear);
  }

  private sealWith(nonce: Uint8Array, key: SubjectKey, text: string, classYear: ClassYear | null): string {
    const cipher = createCipheriv(CIPHER, key.secret, nonce);
    cipher.setAAD(Buffer.from(key.id, 'latin1'));
    const head = cipher.update(text, 'utf8');
    const tail = cipher.final();
    return sealPrefix(classYear) + Buffer.concat([nonce, head, tail, cipher.getAuthTag()]).toString('base64url');
  }

  /**
   * Opens one sealed text, of either version.
   * @throws SealBrokenError
   */
  open(key: SubjectKey, sealed: string): string {
    const bytes = Buffer.from(payloadOf(sealed), 'base64url');
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

  /** Seals the identifier of the key's own subject: it is always the same, so it is sealed once per process. */
  sealIdentifier(key: SubjectKey, normalisedValue: string): string {
    const known = this.identifiers.get(key.id);
    if (known !== undefined) return known;
    const sealed = this.seal(key, normalisedValue);
    this.identifiers.set(key.id, sealed);
    return sealed;
  }

  /** The ids of all keys that open what is sealed of one event of a subject: its own, and those of classes and years. */
  keyIdsOf(subjectId: string, sealed: string | null | undefined): readonly string[] {
    if (typeof sealed !== 'string' || isVersion1(sealed)) return [subjectId];
    const names = (partsOf(sealed) ?? []).flatMap(({ classYear }) =>
      classYear === null ? [] : [this.classKeyId({ subjectId, ...classYear })],
    );
    return [subjectId, ...names];
  }

  /**
   * Opens all that is sealed of one event of a subject, with keys that were loaded by `keyIdsOf`. Of several parts, each a JSON object, it gives one object.
   * Parts whose key was destroyed, while the subject has one, are named in it as `$expired`. Null where the subject was erased or never had a key.
   * @throws SealBrokenError
   */
  openWhole(subjectId: string, sealed: string, keys: ReadonlyMap<string, KeyState>): string | null {
    const own = keys.get(subjectId);
    if (own === undefined || own === 'erased') return null;
    if (isVersion1(sealed)) return this.open(own, sealed);
    const parts = partsOf(sealed);
    if (parts === null) throw new SealBrokenError();
    const fields: [string, unknown][] = [];
    const expired: ClassYear[] = [];
    for (const { text, classYear, payload } of parts) {
      const key = classYear === null ? own : keys.get(this.classKeyId({ subjectId, ...classYear }));
      if (classYear !== null && (payload === '' || key === undefined || key === 'erased')) expired.push(classYear);
      else fields.push(...Object.entries(JSON.parse(this.open(key as SubjectKey, text)) as object));
    }
    if (expired.length > 0) fields.push(['$expired', expired]);
    // In the order in which one text of version 1 would hold them.
    return JSON.stringify(Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  /**
   * Seals what is sealed of one event under the keys of another key store (see `reseal`). The keys are those of the subject's new id there. A part that can be
   * opened no more holds nothing.
   */
  resealWhole(
    {
      subjectId,
      keys,
      sealed,
    }: { readonly subjectId: string; readonly keys: ReadonlyMap<string, KeyState>; readonly sealed: string },
    to: Sealer,
    newSubjectId: string,
    newKeys: ReadonlyMap<string, KeyState>,
  ): string {
    const parts = partsOf(sealed);
    if (parts === null) throw new SealBrokenError();
    return joinParts(
      parts.map(({ text, classYear, payload }) => {
        const key = keys.get(classYear === null ? subjectId : this.classKeyId({ subjectId, ...classYear }));
        const newId = classYear === null ? newSubjectId : to.classKeyId({ subjectId: newSubjectId, ...classYear });
        const newKey = newKeys.get(newId);
        if (payload === '' || !isKey(key) || !isKey(newKey)) return sealPrefix(classYear);
        return to.reseal(newKey, this.open(key, text), text, classYear);
      }),
    );
  }

  /**
   * Opens many at once. Null where the subject was erased or never had a key.
   * @throws SealBrokenError
   */
  async openMany(
    items: readonly { readonly subjectId: string; readonly sealed: string }[],
  ): Promise<(string | null)[]> {
    const keys = await this.keysOf(items);
    return items.map(({ subjectId, sealed }) => this.openWhole(subjectId, sealed, keys));
  }

  /** As `openMany`; a text that is damaged is null too, and hides none of its neighbours. */
  async openUndamaged(
    items: readonly { readonly subjectId: string; readonly sealed: string }[],
  ): Promise<(string | null)[]> {
    const keys = await this.keysOf(items);
    return items.map(({ subjectId, sealed }) => {
      try {
        return this.openWhole(subjectId, sealed, keys);
      } catch (error) {
        if (error instanceof SealBrokenError) return null;
        throw error;
      }
    });
  }

  private keysOf(
    items: readonly { readonly subjectId: string; readonly sealed: string }[],
  ): Promise<ReadonlyMap<string, KeyState>> {
    return this.keys.keysFor(items.flatMap(({ subjectId, sealed }) => this.keyIdsOf(subjectId, sealed)));
  }

  /** A 16-byte hash of a content under the subject's key: without the key, guesses cannot be tested against it. */
  contentHash(key: SubjectKey, canonicalText: string): Uint8Array {
    // In this encoding a character is a byte: the cheapest way from a digest to its first half, in a buffer of its own.
    const digest = hash('sha256', key.hashPrefix + canonicalText, 'binary');
    const half = new Uint8Array(CONTENT_HASH_BYTES);
    for (let at = 0; at < CONTENT_HASH_BYTES; at += 1) half[at] = digest.charCodeAt(at);
    return half;
  }

  /** Valid until the next one is drawn: the pool is refilled in place. */
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

/** Of one sealed text. @throws SealBrokenError where it is none, or several */
function payloadOf(sealed: string): string {
  if (isVersion1(sealed)) return sealed.slice(2);
  const parts = partsOf(sealed);
  const [part] = parts ?? [];
  if (part === undefined || parts?.length !== 1) throw new SealBrokenError();
  return part.payload;
}

const isKey = (state: KeyState | undefined): state is SubjectKey => state !== undefined && state !== 'erased';
