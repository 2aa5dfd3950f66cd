import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { likelyEncoding } from '#contracts';
import { ENCODING_NAMES, encodingOf, UTF_8, type Encoding } from './encodings/encoding.js';
import { FileBroken, FileRejected } from './file-rejected.js';
import type { ImportFile } from './import-reader.js';
import { InvalidValue } from './invalid-value.js';
import { assertText, FORMAT_BYTES } from './lines/file-format.js';
import { LineCutter, type RawLine } from './lines/line-cutter.js';
import { rawText } from './lines/raw-text.js';

/** The path that stands for standard input. */
export const STANDARD_INPUT = '-';

/**
 * The file's bytes as a stream, unpacked if it is gzip (recognised by its first two bytes, not by its name). It is read once, from its beginning
 * to its end, so it may be a pipe.
 * @throws FileRejected where it holds no plain text, such as a workbook
 */
export async function openFile(file: ImportFile): Promise<Readable> {
  const raw: Readable =
    file.path === STANDARD_INPUT ? process.stdin : createReadStream(file.path, { highWaterMark: 256 * 1024 });
  const chunks = (raw as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  for (let ended = false; first.length < FORMAT_BYTES && !ended;) {
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else first = Buffer.concat([first, next.value]);
  }
  if (!isGzip(first)) assertText(first);
  const source = Readable.from(counted(first, chunks, file), { objectMode: false });
  return isGzip(first) ? Readable.from(unpacked(source), { objectMode: false }) : source;
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function* unpacked(source: Readable): AsyncGenerator<Buffer> {
  // `pipeline` destroys the last stream with any error on the way, and its reader throws that error: the callback has nothing to add.
  const unpacking = pipeline(source, createGunzip(), () => undefined) as AsyncIterable<Buffer>;
  let isFirst = true;
  try {
    for await (const chunk of unpacking) {
      if (isFirst && isGzip(chunk))
        throw new FileRejected('The file is packed twice with gzip', 'Unpack it once before it is imported.');
      if (isFirst) assertText(chunk);
      isFirst = false;
      yield chunk;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') !== true) throw error;
    throw new FileBroken(
      `The file is not valid gzip, or it ends too early (${message}). Copy it again from where it was made.`,
      { cause: error },
    );
  }
}

async function* counted(first: Buffer, rest: AsyncIterator<Buffer>, { onBytes }: ImportFile): AsyncGenerator<Buffer> {
  let read = first.length;
  onBytes?.(read);
  if (read > 0) yield first;
  for await (const chunk of { [Symbol.asyncIterator]: () => rest }) {
    read += chunk.length;
    onBytes?.(read);
    yield chunk;
  }
}

/** Bytes of one line, at most: of a longer one the beginning is quarantined, and the rest is skipped. */
export const LINE_BYTES_MAX = 4 * 1024 * 1024;

/** A line with its number from 1. Where it cannot be read, its text stands for its bytes, and the reason stands beside it. */
export type FileLine = readonly [line: number, text: string, unreadable?: InvalidValue];

/**
 * The file's lines, a page for each chunk that was read. Lines end in `\r\n` or `\n`. They are in the encoding of `file`, by default UTF-8; a byte-order
 * mark counts more.
 */
export async function* fileLines(file: ImportFile): AsyncIterable<readonly FileLine[]> {
  const cutter = new LineCutter(LINE_BYTES_MAX, encodingOfFile(file));
  const reader = new LineReader(cutter);
  let isFirst = true;
  for await (const chunk of (await openFile(file)) as AsyncIterable<Buffer>) {
    if (isFirst) assertNotWide(chunk, file);
    isFirst = false;
    const lines = cutter.push(chunk);
    if (lines.length > 0) yield reader.read(lines);
  }
  const rest = cutter.end();
  if (rest.length > 0) yield reader.read(rest);
}

function encodingOfFile({ encoding }: ImportFile): Encoding {
  if (encoding === undefined) return UTF_8;
  const known = encodingOf(encoding);
  if (known !== null) return known;
  throw new FileRejected(
    `'${encoding.slice(0, 40)}' is not an encoding that is read`,
    `Give one of ${ENCODING_NAMES.join(', ')}.`,
  );
}

/** Text in UTF-16 without a byte-order mark is valid UTF-8 with a zero in every other place: no line of it would be right. */
function assertNotWide(chunk: Buffer, { encoding }: ImportFile): void {
  if (encoding !== undefined) return;
  const sample = chunk.subarray(0, 1_024);
  const likely = sample.includes(0) ? likelyEncoding(sample) : '';
  if (likely !== 'utf-16le' && likely !== 'utf-16be') return;
  const marked = (sample[0] === 0xff && sample[1] === 0xfe) || (sample[0] === 0xfe && sample[1] === 0xff);
  if (!marked) throw new FileRejected(`The file looks like ${likely}, without a byte-order mark`, howToName(likely));
}

const howToName = (encoding: string): string =>
  `Set "encoding": "${encoding}" in the mapping or give --encoding ${encoding}, or save the file as UTF-8.`;

/** Decodes lines and numbers them. */
class LineReader {
  private line = 0;
  /** What the first lines look like that could not be decoded: the same hint for all of them. */
  private likely: string | null = null;

  constructor(private readonly cutter: LineCutter) {}

  read(lines: readonly RawLine[]): FileLine[] {
    const { encoding } = this.cutter;
    let broken: Buffer[] | null = null;
    const texts = lines.map(({ bytes, cut }) => {
      const text = cut === null ? encoding.decode(bytes) : null;
      if (text === null && cut === null) (broken ??= []).push(bytes);
      return text;
    });
    if (broken !== null) this.likely ??= likelyEncoding(Buffer.concat(broken));
    return lines.map(({ bytes, cut }, at) => {
      this.line += 1;
      const text = texts[at] ?? null;
      if (text !== null) return [this.line, text.endsWith('\r') ? text.slice(0, -1) : text];
      return [this.line, rawText(bytes, cut), cut === null ? notIn(encoding, this.likely ?? '') : TOO_LONG];
    });
  }
}

function notIn({ name }: Encoding, likely: string): InvalidValue {
  if (name === 'utf-8')
    return new InvalidValue('not-utf-8', null, `must be UTF-8 (it looks like ${likely})`, howToName(likely));
  return new InvalidValue(
    'not-in-encoding',
    null,
    `must be text in ${name}`,
    'name the encoding that the file has, or leave it out where the file is UTF-8',
  );
}

const TOO_LONG = new InvalidValue(
  'line-too-long',
  null,
  `must not be longer than ${LINE_BYTES_MAX / 1024 / 1024} MiB in one line`,
  'check the line ends of the file and its quotes, or leave out the column that is so long',
);
