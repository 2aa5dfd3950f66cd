import { createHmac, hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Texts up to this many UTF-16 units are hashed in place; every identifier is shorter. */
const TEXT_MAX = 1_024;

/**
 * HMAC-SHA256 under one key, in hex: hash(outer ‖ hash(inner ‖ text)) as in RFC 2104, by two calls of the plain hash, which together cost
 * less than setting up one HMAC.
 */
export class KeyedHash {
  private readonly inner = Buffer.alloc(BLOCK_BYTES + TEXT_MAX * 3, 0x36);
  private readonly outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);

  constructor(private readonly key: Uint8Array) {
    const block = key.length > BLOCK_BYTES ? Buffer.from(hash('sha256', key, 'hex'), 'hex') : key;
    block.forEach((byte, at) => {
      this.inner[at] = byte ^ 0x36;
      this.outer[at] = byte ^ 0x5c;
    });
  }

  hashOf(text: string): string {
    if (text.length > TEXT_MAX) return createHmac('sha256', this.key).update(text, 'utf8').digest('hex');
    const length = BLOCK_BYTES + this.inner.write(text, BLOCK_BYTES, 'utf8');
    this.outer.write(hash('sha256', this.inner.subarray(0, length), 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', this.outer, 'hex');
  }
}
