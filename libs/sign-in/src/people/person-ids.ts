import { KeyedHash, type KeyStore } from '#keys';

const ID_CHARACTERS = 32;
const KEY_BYTES = 32;

/**
 * The ids of people: a keyed hash of the issuer and its `sub`, so that what stands in the log names no person without the hash key. No namespace of an
 * identifier begins with a NUL, so no subject gets such an id.
 */
export class PersonIds {
  /** The hash keys that the store has had, the present one last. */
  private readonly hashes: readonly KeyedHash[];

  constructor({ hashKey, earlier = null }: Pick<KeyStore, 'hashKey' | 'earlier'>) {
    const former = earlier?.hashKeys ?? new Uint8Array();
    const keys = Array.from({ length: former.length / KEY_BYTES }, (_, n) =>
      former.subarray(n * KEY_BYTES, (n + 1) * KEY_BYTES),
    );
    this.hashes = [...keys, hashKey].map((key) => new KeyedHash(key));
  }

  /** 32 hex characters. */
  idOf(issuer: string, sub: string): string {
    return this.all(issuer, sub).at(-1) as string;
  }

  /** The id under the present hash key and under each earlier one: a block outlives a change of the key. */
  all(issuer: string, sub: string): readonly string[] {
    return this.hashes.map((hash) => hash.hashOf(`\0person\0${issuer}\0${sub}`).slice(0, ID_CHARACTERS));
  }

  /** The hash of another name of the issuer's: of a session there. */
  hashOf(kind: string, issuer: string, name: string): string {
    return (this.hashes.at(-1) as KeyedHash).hashOf(`\0${kind}\0${issuer}\0${name}`).slice(0, ID_CHARACTERS);
  }
}
