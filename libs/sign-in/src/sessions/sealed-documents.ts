import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals documents under a key that is derived from a secret, for one use: what was sealed for another use does not open. */
export class SealedDocuments {
  private readonly key: Uint8Array;

  constructor(secret: Uint8Array, use: string) {
    this.key = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), `perennial ${use}`, KEY_BYTES));
  }

  seal(document: object): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.key, nonce);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(document), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
  }

  /** Null where it was not sealed so, or was altered. */
  open(sealed: Uint8Array): unknown {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
    const decipher = createDecipheriv(CIPHER, this.key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    try {
      const text = [decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()];
      return JSON.parse(Buffer.concat(text).toString('utf8'));
    } catch {
      return null;
    }
  }
}
