import { createHash } from 'node:crypto';

const EMPTY = 0;

/**
 * Gives an id to rows that carry none: a hash of the row and its ordinal among identical rows. A line that occurs twice is two
 * purchases, and the same file read again gives the same ids. Two different rows that share the 64 bits of the count would share it; their ids
 * still differ by their hashes.
 */
export class RowIdentity {
  private readonly counts = new TextCounts();

  /** The id of this row: 24 hex characters of its SHA-256, then `-` and its ordinal from 1. */
  of(row: string): string {
    const hash = createHash('sha256').update(row).digest();
    return `${hash.toString('hex', 0, 12)}-${this.counts.addHash(hash)}`;
  }
}

/**
 * Counts texts. It remembers 64 bits of each distinct text and a count, in an open-addressed table of 12 bytes a slot: 10 million texts take
 * about 200 MB.
 */
export class TextCounts {
  private high = new Uint32Array(1024);
  private low = new Uint32Array(1024);
  private counts = new Uint32Array(1024);
  private used = 0;

  /** Counts a text once more, and returns how often it was counted. */
  add(text: string): number {
    return this.addHash(createHash('sha256').update(text).digest());
  }

  /** How often a text was counted. */
  of(text: string): number {
    const hash = createHash('sha256').update(text).digest();
    return this.counts[this.slotOf(hash.readUInt32BE(0), hash.readUInt32BE(4))] ?? EMPTY;
  }

  addHash(hash: Buffer): number {
    return this.count(hash.readUInt32BE(0), hash.readUInt32BE(4));
  }

  private count(high: number, low: number): number {
    if (this.used * 2 >= this.counts.length) this.grow();
    const slot = this.slotOf(high, low);
    const before = this.counts[slot] ?? EMPTY;
    if (before === EMPTY) {
      this.high[slot] = high;
      this.low[slot] = low;
      this.used += 1;
    }
    this.counts[slot] = before + 1;
    return before + 1;
  }

  private slotOf(high: number, low: number): number {
    const mask = this.counts.length - 1;
    let slot = low & mask;
    while (this.counts[slot] !== EMPTY && (this.high[slot] !== high || this.low[slot] !== low))
      slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { high, low, counts } = this;
    this.high = new Uint32Array(counts.length * 2);
    this.low = new Uint32Array(counts.length * 2);
    this.counts = new Uint32Array(counts.length * 2);
    for (let old = 0; old < counts.length; old += 1) {
      const count = counts[old] ?? EMPTY;
      if (count === EMPTY) continue;
      const slot = this.slotOf(high[old] ?? 0, low[old] ?? 0);
      this.high[slot] = high[old] ?? 0;
      this.low[slot] = low[old] ?? 0;
      this.counts[slot] = count;
    }
  }
}
