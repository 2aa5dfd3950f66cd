import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { Problem } from '../problems/problem.js';

/** A body in no other encoding than these is read. */
export const ACCEPT_ENCODING = 'gzip, br, deflate';

/** How a packed body is unpacked. The first byte of a body tells zlib, which `deflate` means, from what some senders mean by it. */
export type Unpack = (first: Buffer) => Transform;

const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  br: () => createBrotliDecompress(),
  deflate: (first) => (((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw()),
};

/**
 * How the body of a request is unpacked; null where it is not packed.
 * @throws Problem 415
 */
export function unpackerOf(header: string | undefined): { readonly name: string; readonly unpack: Unpack } | null {
  if (header === undefined) return null;
  const names = header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  const [name] = names;
  if (name === undefined) return null;
  const unpack = Object.hasOwn(UNPACK, name) ? UNPACK[name] : undefined;
  if (unpack !== undefined && names.length === 1) return { name, unpack };
  throw new Problem(415, {
    type: 'content-encoding-unsupported',
    detail: `The body is packed in a way that is not read: pack it once, as ${ACCEPT_ENCODING}, or not at all.`,
    headers: { 'accept-encoding': ACCEPT_ENCODING, connection: 'close' },
  });
}

/** The problem of a body that is gzip where it should be text; null for any other. `first`: its first bytes, unpacked as its header says. */
export function packedProblem(first: Uint8Array): Problem | null {
  if (first[0] !== 0x1f || first[1] !== 0x8b) return null;
  return new Problem(415, {
    type: 'content-encoding-unsupported',
    detail: 'The body is packed once more than content-encoding says: pack it once, and name that in the header.',
    headers: { 'accept-encoding': ACCEPT_ENCODING, connection: 'close' },
  });
}

/** From this size on the ratio counts: small bodies may consist of one character over and over. */
const RATIO_FROM_BYTES = 1024 * 1024;
/** Events in JSON are seldom packed to less than a fiftieth. */
const RATIO_MAX = 200;

/** The problem of a body that unpacks to far more than any text of events; null for any other. */
export function ratioProblem(packed: number, unpacked: number): Problem | null {
  if (unpacked < RATIO_FROM_BYTES || unpacked <= packed * RATIO_MAX) return null;
  return new Problem(413, {
    type: 'packed-too-densely',
    detail: `The body unpacks to more than ${RATIO_MAX} times its size: send it in smaller parts, or not packed.`,
    headers: { connection: 'close' },
  });
}

export function brokenProblem(name: string): Problem {
  return new Problem(400, {
    detail: `The body is not valid ${name}, or it ends too early.`,
    headers: { connection: 'close' },
  });
}
