import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/**
 * The empty database that the build made, as a tar archive; null where there is none. To make a new one takes some seconds, to unpack
 * it a few tenths. Each version of PGlite has its own.
 */
export function emptyDatabase(): Buffer<ArrayBuffer> | null {
  const itself = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
  const { version } = JSON.parse(readFileSync(itself, 'utf8')) as { version: string };
  // From dist/libs/projections/src/stores, or from the source.
  const upwards = import.meta.url.endsWith('.ts') ? '../../../../dist/' : '../../../../';
  const file = fileURLToPath(new URL(`${upwards}pglite-${version}.tar.gz`, import.meta.url));
  return existsSync(file) ? gunzipSync(readFileSync(file)) : null;
}

const BLOCK_BYTES = 512;
const FOLDER = '5'.charCodeAt(0);

/** Writes the files of an archive into a folder. PGlite would do it as well, through its own file system, in three times the time. */
export function unpack(tar: Buffer, folder: string): void {
  for (let at = 0; at < tar.length;) {
    const header = tar.subarray(at, at + BLOCK_BYTES);
    const name = wordIn(header, 0, 100);
    if (name === '') break;
    const path = join(folder, wordIn(header, 345, 500), name);
    const size = parseInt(wordIn(header, 124, 136), 8);
    const begin = at + BLOCK_BYTES;
    if (header[156] === FOLDER) mkdirSync(path, { recursive: true });
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, tar.subarray(begin, begin + size));
    }
    at = begin + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
}

/** A field of a header: text up to its first zero byte. */
function wordIn(header: Buffer, from: number, to: number): string {
  const end = header.indexOf(0, from);
  return header.toString('utf8', from, end === -1 ? to : Math.min(end, to));
}
