import type { EarlierSubjectIds } from './rekeying/earlier-subject-ids.js';

/** The key that opens what is sealed for one subject (or one quarantined body). Never logged, never serialised. */
export interface SubjectKey {
  /** The subjectId, or the quarantineId: 32 hex characters. */
  readonly id: string;
  /** 32 bytes for AES-256-GCM. */
  readonly secret: Uint8Array;
  /** What content hashes are keyed with: derived from the secret, so that it dies with it. */
  readonly hashPrefix: string;
}

/** A key, or the fact that it was destroyed and may never be made again. */
export type KeyState = SubjectKey | 'erased';

/**
 * Keeps the keys of sealed personal data, apart from the log. Destroying a key is how a person is forgotten:
 * afterwards its bytes are in no file of the store, and no new key can ever be made under that id.
 */
export interface KeyStore {
  /** Names subjects: 32 bytes, made once, never changed. See `subjectIdOf`. */
  readonly hashKey: Uint8Array;
  /** Tells which hash key this is without telling the key: 32 hex characters. */
  readonly hashKeyCheck: string;
  /** Who was erased before the hash key was replaced; absent or null where it never was. */
  readonly earlier?: EarlierSubjectIds | null;
  /**
   * The keys of many ids at once; an id without a key is absent from the answer. With `create`, each that has neither
   * a key nor an erasure gets one, all in one durable transaction, before this resolves.
   */
  keysFor(ids: readonly string[], options?: { readonly create?: boolean }): Promise<ReadonlyMap<string, KeyState>>;
  /**
   * Makes a key that is no subject's own (a quarantined body's), listed under the subjects found in it: destroying any
   * of them destroys it. Resolves with each key in order; one that exists is given again, `erased` if it was destroyed
   * or one of its subjects was.
   */
  createListed(
    keys: readonly { readonly id: string; readonly listedUnder: readonly string[] }[],
  ): Promise<readonly KeyState[]>;
  /** Destroys the keys of these subjects and every key listed under them, and forbids new ones for ever. Twice is the same as once. */
  destroy(subjectIds: readonly string[]): Promise<Destroyed>;
  /** Called with every id destroyed, so that caches forget it. */
  onDestroyed(listener: (ids: readonly string[]) => void): void;
  close(): Promise<void>;
}

/** What `destroy` did. */
export interface Destroyed {
  /** Keys of subjects destroyed by this call. */
  readonly subjectKeys: number;
  /** Keys listed under them (quarantined bodies) destroyed by this call. */
  readonly listedKeys: number;
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
      /** There is no key store, and none was to be made. */
      | 'missing'
      /** Others use it, who must not. */
      | 'in-use'
      /** It is being made by a move that has not come to its end. */
      | 'unproven'
      /** It was made before an erasure that it should know of. */
      | 'erased-since',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KeyStoreError';
  }
}
