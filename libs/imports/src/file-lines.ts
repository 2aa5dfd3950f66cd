import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Transform, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ImportFile } from './import-reader.js';

/** The file's bytes as a stream, unpacked if it is gzip (recognised by its first two bytes, not by its name). */
export async function openFile(file: ImportFile): Promise<Readable> {
  const handle = await open(file.path, 'r');
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  await handle.close();
  const raw = createReadStream(file.path, { highWaterMark: 256 * 1024 });
  let read = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      read += chunk.length;
      file.onBytes?.(read);
      done(null, chunk);
    },
  });
  const unpack = magic[0] === 0x1f && magic[1] === 0x8b ? createGunzip() : null;
  // `pipeline` destroys the last stream with any error on the way, and its reader throws that error: the callback has nothing to add.
  const ignore = (): void => undefined;
  return unpack === null ? pipeline(raw, counted, ignore) : pipeline(raw, counted, unpack, ignore);
}

/** The file's lines with their numbers from 1, a page for each chunk that was read. Lines end in `\r\n` or `\n`. */
export async function* fileLines(file: ImportFile): AsyncIterable<readonly (readonly [line: number, text: string])[]> {
  const stream = await openFile(file);
  stream.setEncoding('utf8');
  let rest = '';
  let line = 0;
  for await (const chunk of stream as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield parts.map((text) => [(line += 1), text.endsWith('\r') ? text.slice(0, -1) : text] as const);
  }
  if (rest !== '') yield [[line + 1, rest.endsWith('\r') ? rest.slice(0, -1) : rest]];
}
