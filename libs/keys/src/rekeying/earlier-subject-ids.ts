import { KeyedHash } from '../keyed-hash.js';

const ID_BYTES = 16;
const KEY_BYTES = 32;

/**
 * The name under which a hash key knows what an earlier key named, where the thing itself cannot be named again: of an erased person nothing
 * is left but the old name. Without the later key nobody can tell that the two belong together. No namespace begins with a NUL, so no
 * identifier is ever named alike.
 */
export const derivedSubjectId = (later: KeyedHash, earlierName: string): string =>
  later.hashOf(`\0renamed\0${earlierName}`).slice(0, 2 * ID_BYTES);

/**
 * The erased of the time before the hash key was replaced. They cannot be named again, for that takes the identifier, which nobody has any
 * more; so their new name is made of the old one. Who comes with an identifier is named under each earlier key as well: if that gives
 * the name of somebody erased, it is them, and the customer stays erased.
 *
 * The earlier keys are kept for this alone. They have leaked; what they still tell, they tell only to who has the present key too.
 */
export class EarlierSubjectIds {
  private readonly keys: readonly KeyedHash[];

  constructor(
    /** The earlier hash keys, the first one first, 32 bytes each, one after the other. */
    readonly hashKeys: Uint8Array,
    hashKey: Uint8Array,
    /** Names of the erased under the present key, 16 bytes each, sorted: few enough to be held, too many for one text each. */
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

  /** The name of somebody who was erased under an earlier key; null for everybody else. */
  nameOf(namespaceAndValue: string): string | null {
    let names: string[] = [];
    for (const [at, key] of this.keys.entries()) {
      names = names.map((name) => derivedSubjectId(key, name));
      if (at < this.keys.length - 1) names.push(key.hashOf(namespaceAndValue).slice(0, 2 * ID_BYTES));
    }
    return names.find((name) => this.holds(Buffer.from(name, 'hex'))) ?? null;
  }

  private holds(id: Buffer): boolean {
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
