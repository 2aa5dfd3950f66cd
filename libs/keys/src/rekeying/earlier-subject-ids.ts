import { KeyedHash } from '../keyed-hash.js';

const ID_BYTES = 16;
const KEY_BYTES = 32;

/**
 * The id under a new hash key of a subject that was erased under an earlier one. Of an erased person nothing is left but the earlier id, so
 * the new id is derived from it. Only the holder of the new key can tell that the two belong together. No namespace begins with a NUL, so no
 * identifier gets such an id.
 */
export const derivedSubjectId = (later: KeyedHash, earlierId: string): string =>
  later.hashOf(`\0renamed\0${earlierId}`).slice(0, 2 * ID_BYTES);

/**
 * The subjects that were erased before the hash key was replaced. Their ids under the present key cannot be computed from their identifiers,
 * which no longer exist, and are derived from their earlier ids instead. An identifier that comes in is therefore hashed under each earlier
 * key as well: where that leads to an erased id, the identifier belongs to an erased person, who stays erased.
 *
 * The earlier keys are kept for this alone. They have leaked; what they still reveal, they reveal only together with the present key.
 */
export class EarlierSubjectIds {
  private readonly keys: readonly KeyedHash[];

  constructor(
    /** The earlier hash keys, the first one first, 32 bytes each, concatenated. */
    readonly hashKeys: Uint8Array,
    hashKey: Uint8Array,
    /** Ids of the erased under the present key, 16 bytes each, sorted: one buffer, since one text each would take too much memory. */
    private readonly erased: Buffer,
  ) {
    const earlier = Array.from({ length: hashKeys.length / KEY_BYTES }, (_, n) =>
      hashKeys.subarray(n * KEY_BYTES, (n + 1) * KEY_BYTES),
    );
    this.keys = [...earlier, hashKey].map((key) => new KeyedHash(key));
  }

  /** How often the hash key was replaced. */
  get count(): number {
    return this.keys.length - 1;
  }

  /** The present id of a subject that was erased under an earlier key; null for every other subject. */
  erasedIdOf(namespaceAndValue: string): string | null {
    let ids: string[] = [];
    for (const [at, key] of this.keys.entries()) {
      ids = ids.map((id) => derivedSubjectId(key, id));
      if (at < this.keys.length - 1) ids.push(key.hashOf(namespaceAndValue).slice(0, 2 * ID_BYTES));
    }
    return ids.find((id) => this.isErased(Buffer.from(id, 'hex'))) ?? null;
  }

  private isErased(id: Buffer): boolean {
    let low = 0;
    let high = this.erased.length / ID_BYTES - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const order = this.erased.compare(id, 0, ID_BYTES, middle * ID_BYTES, (middle + 1) * ID_BYTES);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}
