import { createHash, type Hash } from 'node:crypto';
import { markedEncoding, UTF_8, type Encoding } from '../encodings/encoding.js';

/** The bytes of one line, without its line end. */
export interface RawLine {
  /** Of a line that is too long, its beginning. */
  readonly bytes: Buffer;
  /** The whole of a line that is too long, by its length and its hash; null for any other. */
  readonly cut: { readonly bytes: number; readonly sha256: string } | null;
}

const LINE_FEED = 0x0a;
/** Bytes that are kept of a line that is too long. */
const HEAD_BYTES = 4_096;
/** A byte-order mark has at most so many bytes. */
const MARK_BYTES = 3;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts bytes into lines, as they arrive. It holds one incomplete line, and of one that is too long its beginning alone. The lines are in the
 * encoding that a byte-order mark names, or else in the one given.
 */
export class LineCutter {
  private known: Encoding | null = null;
  /** The line that is not complete yet. */
  private parts: Buffer[] = [];
  private held = 0;
  private hash: Hash | null = null;
  /** Bytes that wait for the next chunk: the begin of the stream, or half a unit of UTF-16. */
  private carried: Buffer = NOTHING;

  constructor(
    private readonly lineBytesMax: number,
    private readonly given: Encoding = UTF_8,
  ) {}

  get encoding(): Encoding {
    return this.known ?? this.given;
  }

  /** The lines that end in this chunk. */
  push(chunk: Buffer): RawLine[] {
    const bytes = this.carried.length === 0 ? chunk : Buffer.concat([this.carried, chunk]);
    this.carried = NOTHING;
    if (this.known === null && bytes.length < MARK_BYTES) {
      this.carried = bytes;
      return [];
    }
    return this.cut(this.known === null ? this.withoutMark(bytes) : bytes);
  }

  /** The last line, where no line end stands after it. */
  end(): RawLine[] {
    const bytes = this.known === null ? this.withoutMark(this.carried) : this.carried;
    this.carried = NOTHING;
    const lines = this.known?.unitBytes === 2 && bytes.length === 1 ? [] : this.cut(bytes);
    // Half a unit of UTF-16 at the end: the line cannot be decoded.
    if (lines.length === 0 && this.known?.unitBytes === 2 && bytes.length === 1) this.hold(bytes);
    if (this.held > 0) lines.push(this.endLine());
    return lines;
  }

  private withoutMark(bytes: Buffer): Buffer {
    const marked = markedEncoding(bytes);
    this.known = marked?.encoding ?? this.given;
    return marked === null ? bytes : bytes.subarray(marked.length);
  }

  private cut(received: Buffer): RawLine[] {
    const unit = this.encoding.unitBytes;
    const whole = received.length - (received.length % unit);
    const bytes = whole === received.length ? received : received.subarray(0, whole);
    if (whole < received.length) this.carried = received.subarray(whole);
    const lines: RawLine[] = [];
    let from = 0;
    for (let end = this.lineEnd(bytes, 0); end !== -1; end = this.lineEnd(bytes, from)) {
      this.hold(bytes.subarray(from, end));
      lines.push(this.endLine());
      from = end + unit;
    }
    if (from < bytes.length) this.hold(bytes.subarray(from));
    return lines;
  }

  /** Where the next line ends, from this place on; −1 where none does. */
  private lineEnd(bytes: Buffer, from: number): number {
    const { name, unitBytes } = this.encoding;
    if (unitBytes === 1) return bytes.indexOf(LINE_FEED, from);
    const low = name === 'utf-16le' ? 0 : 1;
    for (let at = bytes.indexOf(LINE_FEED, from); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1))
      if (at % 2 === low && bytes[low === 0 ? at + 1 : at - 1] === 0) return at - low;
    return -1;
  }

  private hold(part: Buffer): void {
    const { lineBytesMax, held } = this;
    this.held += part.length;
    if (this.held > lineBytesMax) {
      if (this.hash === null) {
        this.hash = createHash('sha256');
        for (const before of this.parts) this.hash.update(before);
        this.parts = [Buffer.concat([...this.parts, part]).subarray(0, Math.min(HEAD_BYTES, lineBytesMax))];
      }
      this.hash.update(part);
    } else if (held === 0 || part.length > 0) this.parts.push(part);
  }

  private endLine(): RawLine {
    const bytes = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
    const cut = this.hash === null ? null : { bytes: this.held, sha256: this.hash.digest('hex') };
    this.parts = [];
    this.held = 0;
    this.hash = null;
    return { bytes, cut };
  }
}
