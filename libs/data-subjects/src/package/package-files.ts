import { createHash } from 'node:crypto';
import type { PackageChunk, PackagedFile } from './package-chunk.js';

/** Pieces are of about this many characters, so that none grows with the data. */
const CHUNK_LENGTH = 64 * 1024;

/** The files of a package as they are written: their pieces, and what the manifest says of each. */
export class PackageFiles {
  readonly files: PackagedFile[] = [];

  /** Writes one file from texts, in pieces. */
  async *write(name: string, texts: AsyncIterable<string> | Iterable<string>): AsyncGenerator<PackageChunk> {
    const hash = createHash('sha256');
    let bytes = 0;
    let text = '';
    const piece = (): PackageChunk => {
      const chunk = { file: name, text };
      hash.update(text);
      bytes += Buffer.byteLength(text);
      text = '';
      return chunk;
    };
    for await (const more of texts) {
      text += more;
      if (text.length >= CHUNK_LENGTH) yield piece();
    }
    // An empty file has a piece too.
    if (text !== '' || bytes === 0) yield piece();
    this.files.push({ name, bytes, sha256: hash.digest('hex') });
  }

  /** Writes a list as `json` writes it, without holding it whole. */
  list(name: string, items: AsyncIterable<unknown>): AsyncGenerator<PackageChunk> {
    return this.write(name, textsOfList(items));
  }

  json(name: string, value: unknown): AsyncGenerator<PackageChunk> {
    return this.write(name, [`${JSON.stringify(value, null, 2)}\n`]);
  }
}

async function* textsOfList(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  let isEmpty = true;
  for await (const item of items) {
    yield `${isEmpty ? '[' : ','}\n  ${JSON.stringify(item, null, 2).replaceAll('\n', '\n  ')}`;
    isEmpty = false;
  }
  yield isEmpty ? '[]\n' : '\n]\n';
}
