import type { Instant } from '#contracts';
import type { ClassKeyKeeping } from './class-keys.js';
import type { HoldKeeping, KeyHold } from './holds.js';
import type { EarlierSubjectIds } from './rekeying/earlier-subject-ids.js';
import type { ClassYear } from './sealed-text.js';

/** The key that opens what is sealed for one subject (or one quarantined body). Never logged, never serialised. */
export interface SubjectKey {
  /** The subjectId, or the quarantineId: 32 hex characters. */
  readonly id: string;
  /** 32 bytes for AES-256-GCM. */
  readonly secret: Uint8Array;
  /** Keys the content hashes: derived from the secret, so that destroying the key destroys it too. */
  readonly hashPrefix: string;
}

/** A key, or the fact that it was destroyed and never exists again. */
export type KeyState = SubjectKey | 'erased';

/**
 * Keeps the keys of sealed personal data, apart from the log. A person is forgotten by destroying their keys: afterwards no file of the store
 * holds the bytes of the key, and no new key is ever made under its id.
 */
export interface KeyStore extends HoldKeeping, ClassKeyKeeping {
  /** Derives the ids of subjects: 32 bytes, made once, never changed. See `subjectIdOf`. */
  readonly hashKey: Uint8Array;
  /** Identifies the hash key without revealing it: 32 hex characters. */
  readonly hashKeyCheck: string;
  /** The subjects that were erased before the hash key was replaced; absent or null where it never was. */
  readonly earlier?: EarlierSubjectIds | null;
  /**
   * The keys of many ids at once; an id without a key is absent from the answer. With `create`, each id that has neither a key nor an
   * erasure gets a key, all in one durable transaction, before this resolves.
   */
  keysFor(ids: readonly string[], options?: { readonly create?: boolean }): Promise<ReadonlyMap<string, KeyState>>;
  /**
   * Makes a key beside those of subjects (of a quarantined body, or of a subject's class and year), listed under the subjects that it concerns: destroying any
   * of their keys destroys it. Resolves with each key in order; an existing key is given again, and `erased` where it, or one of its subjects, was destroyed.
   */
  createListed(keys: readonly ListedKey[]): Promise<readonly KeyState[]>;
  /**
   * Destroys the keys whose `keepUntil` has come, and forbids new ones under their ids; those that a hold keeps wait for its end. Resolves with how
   * many were destroyed.
   */
  destroyExpired(now: Instant): Promise<number>;
  /** How many keys exist that will be destroyed at their `keepUntil`. */
  countExpiring(): Promise<number>;
  /**
   * Destroys the keys of these subjects and every key listed under them, and forbids new ones for ever. Twice is the same as once. All in one
   * transaction, or nothing. A listed key that a hold on another person keeps is destroyed at the end of that hold.
   * @throws KeyHeldError where a hold keeps one of the subjects: then nothing is destroyed
   */
  destroy(subjectIds: readonly string[], options?: DestroyOptions): Promise<Destroyed>;
  /** Calls the listener with every id destroyed, so that caches forget it. */
  onDestroyed(listener: (ids: readonly string[]) => void): void;
  close(): Promise<void>;
}

/** A key beside those of subjects. */
export interface ListedKey {
  readonly id: string;
  /** The subjects whose erasure destroys it. */
  readonly listedUnder: readonly string[];
  /** When it is destroyed at the latest; absent where it is kept. */
  readonly keepUntil?: Instant | null;
  /** The class and year that it is for: see `destroyClassKeys`. */
  readonly classYear?: ClassYear;
}

/** What else `destroy` does. */
export interface DestroyOptions {
  /** Quarantined bodies in which the person was found: their keys are destroyed as if they were listed under the subjects. */
  readonly bodies?: readonly string[];
  /** The log records that these subjects were erased: a hold that began later does not bring them back. */
  readonly recorded?: true;
}

/** The result of `destroy`. */
export interface Destroyed {
  /** Keys of subjects destroyed by this call. */
  readonly subjectKeys: number;
  /** Keys listed under them (quarantined bodies) destroyed by this call. */
  readonly listedKeys: number;
  /** Listed keys that are destroyed later, since a hold on another person keeps them. */
  readonly listedHeld: number;
  /** Subjects forbidden by this call that were not forbidden before. */
  readonly forbidden: number;
}

/** Why a key store cannot be opened or used. */
export class KeyStoreError extends Error {
  constructor(
    readonly code:
      | 'other-hash-key'
      | 'wrong-version'
      | 'not-destroyed'
      | 'full'
      | 'torn'
      | 'unavailable'
      /** No key store exists, and none was to be made. */
      | 'missing'
      /** Another process holds a lock on it. */
      | 'in-use'
      /** A move that has not finished is making it. */
      | 'unproven'
      /** It was made before an erasure that it should contain. */
      | 'erased-since'
      /** A legal hold keeps what was to be destroyed. */
      | 'held',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KeyStoreError';
  }
}

/** A legal hold keeps what was to be destroyed: nothing was destroyed. */
export class KeyHeldError extends KeyStoreError {
  constructor(
    /** The holds that keep it, by their case. */
    readonly holds: readonly KeyHold[],
  ) {
    super('held', `A legal hold keeps these data (case ${[...new Set(holds.map((hold) => hold.case))].join(', ')}).`);
    this.name = 'KeyHeldError';
  }
}

/** Values that a key store keeps about the log that it belongs to: small, and without secrets. */
export interface KeyStoreFacts {
  fact(name: string): Promise<Uint8Array | null>;
  /** Durable when it resolves; replaces the value that was there. */
  recordFact(name: string, value: Uint8Array): Promise<void>;
}
