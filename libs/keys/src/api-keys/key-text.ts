import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * An API key as text: `pk_<id>_<secret><checksum>`. The id is shown in lists; the secret has 256 random bits, so that its plain hash cannot be
 * reversed; the checksum lets scanners of secrets tell a key from other text, and a key that was cut or mistyped be rejected without a look-up.
 * Keys of releases before 0.3 have no checksum, and stay valid.
 */
const KEY = /^(pk_([0-9a-f]{12})_([\w-]{43}))([0-9A-Za-z]{6})?$/;

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKSUM_LENGTH = 6;

/** A key that was drawn: the text is shown once, the hash is stored. */
export interface DrawnKey {
  readonly id: string;
  readonly text: string;
  readonly hash: Buffer;
}

export function drawKey(): DrawnKey {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const text = `pk_${id}_${secret}`;
  return { id, text: text + checksumOf(text), hash: hashOf(secret) };
}

/** The id and the secret in a key's text; null where the text is not one. */
export function readKey(text: string): { readonly id: string; readonly secret: string } | null {
  const match = KEY.exec(text);
  if (match === null) return null;
  const [, checked = '', id = '', secret = '', checksum] = match;
  return checksum !== undefined && checksum !== checksumOf(checked) ? null : { id, secret };
}

/** Whether the secret is the one that was hashed, in a time that depends on neither. */
export const isSecret = (secret: string, hash: Buffer): boolean => timingSafeEqual(hashOf(secret), hash);

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** CRC-32 of the text before it, in six digits of base 62. */
function checksumOf(text: string): string {
  let left = crc32(text);
  let digits = '';
  for (let n = 0; n < CHECKSUM_LENGTH; n += 1) {
    digits = DIGITS[left % DIGITS.length] + digits;
    left = Math.floor(left / DIGITS.length);
  }
  return digits;
}
