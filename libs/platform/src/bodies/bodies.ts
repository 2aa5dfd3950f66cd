import type { IncomingHttpHeaders } from 'node:http';
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { Problem } from '../problems/problem.js';
import { Arrivals, type ArrivalLimits, type Arriving } from './arrival.js';
import { brokenProblem, packedProblem, ratioProblem, unpackerOf } from './content-encoding.js';

export interface BodyLimits extends ArrivalLimits {
  /** Bytes of a body that is read as a whole, after unpacking. */
  readonly maxBodyBytes: number;
}

/** Called with the bytes of a body as they arrive, unpacked; it throws where they are too many. */
export type OnBytes = (bytes: number) => void;

/** Reads the bodies of requests: unpacked, bounded in size and time. */
export class Bodies {
  readonly arrivals: Arrivals;

  constructor(private readonly limits: BodyLimits) {
    this.arrivals = new Arrivals(limits);
  }

  /** The whole body. Rejects with a `Problem` where it is too large, too late, or packed in a way that is not read. */
  read(source: Readable, headers: IncomingHttpHeaders, onBytes?: OnBytes): Promise<Buffer> {
    const { maxBodyBytes } = this.limits;
    return new Promise((resolve, reject) => {
      if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge(maxBodyBytes);
      const chunks: Buffer[] = [];
      let bytes = 0;
      new BodyReader(source, headers, false, this.arrivals, {
        data(chunk) {
          bytes += chunk.length;
          if (bytes > maxBodyBytes) throw tooLarge(maxBodyBytes);
          onBytes?.(chunk.length);
          chunks.push(chunk);
        },
        end: () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
        fail: reject,
      });
    });
  }

  /** The body as a stream, which fails with a `Problem` likewise. Its length is not bounded. */
  stream(source: Readable, headers: IncomingHttpHeaders, onBytes?: OnBytes): Readable {
    const body = new PassThrough({ highWaterMark: HELD_BYTES });
    const reader = new BodyReader(source, headers, true, this.arrivals, {
      data(chunk) {
        onBytes?.(chunk.length);
        if (!body.write(chunk)) reader.pause();
      },
      end: () => body.end(),
      fail: (error) => body.destroy(error),
    });
    body.on('drain', () => reader.resume());
    // Its reader has enough: what is left is thrown away.
    body.on('close', () => reader.discard());
    return body;
  }
}

/** Bytes of a stream that wait for their reader. */
const HELD_BYTES = 256 * 1024;

/** Where the bytes of a body go, unpacked. `data` throws where they are too many. */
interface Sink {
  data(chunk: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/** Reads one body from its request to its end, or to what ends it. */
class BodyReader {
  private readonly unpacker: ReturnType<typeof unpackerOf>;
  private readonly arriving: Arriving;
  private unpacking: Transform | null = null;
  private packedBytes = 0;
  private bytes = 0;
  private isDone = false;

  constructor(
    private readonly source: Readable,
    headers: IncomingHttpHeaders,
    isStream: boolean,
    arrivals: Arrivals,
    private readonly sink: Sink,
  ) {
    this.unpacker = unpackerOf(headers['content-encoding']);
    this.arriving = arrivals.watch(source, isStream, (problem) => this.finish(problem));
    source.on('data', (chunk: Buffer) => this.receive(chunk));
    source.on('end', () => {
      if (this.unpacking === null) this.finish();
      else this.unpacking.end();
    });
    source.on('error', (error) => this.finish(error));
    source.on('aborted', () => this.finish(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
  }

  pause(): void {
    (this.unpacking ?? this.source).pause();
  }

  resume(): void {
    (this.unpacking ?? this.source).resume();
  }

  /** Throws away what is left. */
  discard(): void {
    if (!this.isDone) this.arriving.end();
    this.isDone = true;
    this.unpacking?.destroy();
    this.source.resume();
  }

  private receive(chunk: Buffer): void {
    if (this.isDone) return;
    this.arriving.received(chunk.length);
    if (this.unpacker === null) return this.give(chunk);
    this.packedBytes += chunk.length;
    if (!(this.unpacking ??= this.unpack(this.unpacker, chunk)).write(chunk)) this.source.pause();
  }

  private unpack({ name, unpack }: NonNullable<ReturnType<typeof unpackerOf>>, first: Buffer): Transform {
    const unpacking = unpack(first);
    unpacking.on('data', (chunk: Buffer) => this.give(chunk));
    unpacking.on('drain', () => this.source.resume());
    unpacking.on('end', () => this.finish());
    unpacking.on('error', () => this.finish(brokenProblem(name)));
    return unpacking;
  }

  private give(chunk: Buffer): void {
    if (this.isDone) return;
    try {
      const packed = this.bytes === 0 ? packedProblem(chunk) : null;
      if (packed !== null) throw packed;
      this.bytes += chunk.length;
      const dense = this.unpacking === null ? null : ratioProblem(this.packedBytes, this.bytes);
      if (dense !== null) throw dense;
      this.sink.data(chunk);
    } catch (error) {
      this.finish(error as Error);
    }
  }

  private finish(error?: Error): void {
    if (this.isDone) return;
    this.isDone = true;
    this.arriving.end();
    if (error === undefined) return this.sink.end();
    this.discard();
    this.sink.fail(error);
  }
}

function tooLarge(maxBodyBytes: number): Problem {
  return new Problem(413, {
    detail: `The body is larger than MAX_BODY_BYTES (${maxBodyBytes} bytes, unpacked): send fewer events per request, or NDJSON.`,
    headers: { connection: 'close' },
  });
}
