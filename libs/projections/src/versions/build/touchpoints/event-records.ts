import { STREAMS } from '#contracts';
import type { RecordedEvent } from '#event-log';

/**
 * Touchpoints as bytes, one record after the other (numbers little-endian):
 *
 *     u32 length of the record | u16 length of the subject's id | id | f64 position, recordedAt, occurredAt | u32 revision, schemaVersion |
 *     source, type, meta, id, data: each u32 length in bytes, and the text as UTF-8
 *
 * A length with its highest bit set is the number of a text that occurs often instead, and no text follows.
 */
const NUMBERS = 3 * 8 + 2 * 4;
const LENGTHS = 4 + 2 + 5 * 4;
const IN_TABLE = 0x8000_0000;

/** Above so many texts, each is written out. */
const TEXTS_MAX = 10_000;

/** Texts that occur often, by their numbers. */
class TextTable {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  /** The number of a text; null when the table is full. */
  numberOf(text: string): number | null {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#texts.length >= TEXTS_MAX) return null;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  text(number: number): string {
    const text = this.#texts[number];
    if (text === undefined) throw new Error(`There is no text with the number ${number}.`);
    return text;
  }
}

/** A growing buffer of records. */
export class RecordBuffer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** How many bytes its records take. */
  get length(): number {
    return this.#length;
  }

  /** Its records; they stay there until it is emptied. */
  get records(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Copies a record from a buffer in which it was written before. */
  copy(source: Buffer, begin: number, bytes: number): void {
    const { buffer, length } = this.room(bytes);
    source.copy(buffer, length, begin, begin + bytes);
    this.#length += bytes;
  }

  /** Makes room behind the records, for so many bytes. */
  room(bytes: number): { readonly buffer: Buffer; readonly length: number } {
    if (this.#bytes.length < this.#length + bytes) {
      const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#length + bytes, 1_024));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    return { buffer: this.#bytes, length: this.#length };
  }

  /** So many more bytes hold records. */
  filled(bytes: number): void {
    this.#length += bytes;
  }

  empty(): void {
    this.#length = 0;
  }

  /** Empties it, and releases its memory. */
  release(): void {
    this.#length = 0;
    this.#bytes = Buffer.alloc(0);
  }
}

/** Writes touchpoints as records and reads them again. Both need the same table of texts, so one object does both. */
export class EventRecords {
  readonly #table = new TextTable();

  /** Appends an event. The caller passes the stream's subject, and what is kept of the metadata. */
  write(into: RecordBuffer, subjectId: string, event: RecordedEvent, meta = event.meta): void {
    const { source, type, id, data } = event;
    const most =
      LENGTHS + NUMBERS + 3 * (subjectId.length + source.length + type.length + meta.length + id.length + data.length);
    const { buffer, length: begin } = into.room(most);
    const subjectBytes = buffer.write(subjectId, begin + 6);
    buffer.writeUInt16LE(subjectBytes, begin + 4);
    let at = begin + 6 + subjectBytes;
    at = buffer.writeDoubleLE(event.position, at);
    at = buffer.writeDoubleLE(event.recordedAt, at);
    at = buffer.writeDoubleLE(event.occurredAt, at);
    at = buffer.writeUInt32LE(event.revision, at);
    at = buffer.writeUInt32LE(event.schemaVersion, at);
    at = this.#writeCommon(buffer, source, at);
    at = this.#writeCommon(buffer, type, at);
    at = this.#writeCommon(buffer, meta, at);
    at = writeText(buffer, id, at);
    at = writeText(buffer, data, at);
    buffer.writeUInt32LE(at - begin, begin);
    into.filled(at - begin);
  }

  /** The event of the record that begins there. */
  read(buffer: Buffer, begin: number, subjectId: string): RecordedEvent {
    let at = begin + 6 + buffer.readUInt16LE(begin + 4);
    const numbersAt = at;
    at += NUMBERS;
    const next = (): string => {
      const length = buffer.readUInt32LE(at);
      at += 4;
      if (length >= IN_TABLE) return this.#table.text(length - IN_TABLE);
      at += length;
      return buffer.toString('utf8', at - length, at);
    };
    return {
      position: buffer.readDoubleLE(numbersAt),
      stream: STREAMS.subject(subjectId),
      revision: buffer.readUInt32LE(numbersAt + 24),
      source: next(),
      type: next(),
      meta: next(),
      id: next(),
      data: next(),
      schemaVersion: buffer.readUInt32LE(numbersAt + 28),
      occurredAt: buffer.readDoubleLE(numbersAt + 16),
      recordedAt: buffer.readDoubleLE(numbersAt + 8),
    };
  }

  #writeCommon(buffer: Buffer, text: string, at: number): number {
    const number = this.#table.numberOf(text);
    return number === null ? writeText(buffer, text, at) : buffer.writeUInt32LE(IN_TABLE + number, at);
  }
}

function writeText(buffer: Buffer, text: string, at: number): number {
  const length = buffer.write(text, at + 4);
  buffer.writeUInt32LE(length, at);
  return at + 4 + length;
}

/** Calls for each record in a buffer, in their order. */
export function eachRecord(buffer: Buffer, visit: (subjectId: string, at: number, length: number) => void): void {
  for (let at = 0; at < buffer.length;) {
    const length = buffer.readUInt32LE(at);
    visit(buffer.toString('utf8', at + 6, at + 6 + buffer.readUInt16LE(at + 4)), at, length);
    at += length;
  }
}
