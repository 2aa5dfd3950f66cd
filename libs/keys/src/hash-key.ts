import { createHmac } from 'node:crypto';

/** Tells which hash key this is without telling the key: 16 bytes, kept beside what was made under it. */
export const hashKeyCheckOf = (hashKey: Uint8Array): Buffer =>
  createHmac('sha256', hashKey).update('perennial hash key check v1').digest().subarray(0, 16);
