/** What stands before a field: its number, and how its value is written. */
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };
const LOW_BITS = 28;
const LOW = 2 ** LOW_BITS;

/**
 * Reads the fields of one protobuf message, in their order: `next` goes to a field, and then its value is read or passed over, once. Buffers that it
 * gives share the message's memory.
 */
export class WireReader {
  /** The number of the field that `next` found. */
  field = 0;
  #kind = 0;
  #at: number;
  readonly #end: number;

  constructor(
    private readonly buffer: Buffer,
    at = 0,
    end = buffer.length,
  ) {
    this.#at = at;
    this.#end = end;
    if (end > buffer.length) throw new RangeError(`A message ends at byte ${end} of ${buffer.length}.`);
  }

  /** Goes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const key = this.number();
    this.#kind = key & 7;
    this.field = key >>> 3;
    return true;
  }

  /** A number that JavaScript holds exactly; a larger one is inexact. */
  number(): number {
    const low = this.#low();
    return this.#more ? low + this.#high() * LOW : low;
  }

  /** A number of up to 64 bits. */
  bigint(): bigint {
    const low = this.#low();
    if (!this.#more) return BigInt(low);
    const high = this.#high();
    const both = low + high * LOW;
    return Number.isSafeInteger(both) ? BigInt(both) : (BigInt(high) << BigInt(LOW_BITS)) | BigInt(low);
  }

  bytes(): Buffer {
    const begin = this.#begin();
    return this.buffer.subarray(begin, this.#at);
  }

  text(): string {
    const begin = this.#begin();
    return this.buffer.toString('utf8', begin, this.#at);
  }

  /** The message in this field. */
  message(): WireReader {
    const begin = this.#begin();
    return new WireReader(this.buffer, begin, this.#at);
  }

  /** The text in one field of this message, which has no other of interest; empty where it is absent. */
  textOf(field: number): string {
    let text = '';
    while (this.next())
      if (this.field === field) text = this.text();
      else this.skip();
    return text;
  }

  skip(): void {
    if (this.#kind === WIRE.varint) this.number();
    else if (this.#kind === WIRE.bytes) this.#begin();
    else if (this.#kind === WIRE.fixed64) this.#at += 8;
    else if (this.#kind === WIRE.fixed32) this.#at += 4;
    else throw new RangeError(`A field of kind ${this.#kind} stands at byte ${this.#at}.`);
  }

  /** Whether the number goes on behind its lower bits. */
  #more = false;

  #low(): number {
    let value = 0;
    for (let shift = 0; shift < LOW_BITS; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      this.#more = byte > 0x7f;
      if (!this.#more) return value;
    }
    return value;
  }

  #high(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte <= 0x7f) return value;
    }
  }

  #byte(): number {
    const byte = this.buffer[this.#at];
    if (byte === undefined || this.#at >= this.#end) throw new RangeError(`A message is cut off at byte ${this.#at}.`);
    this.#at += 1;
    return byte;
  }

  /** Goes behind a value that says how long it is; returns where it begins. */
  #begin(): number {
    if (this.#kind !== WIRE.bytes) throw new RangeError(`A field of kind ${this.#kind} holds no bytes.`);
    const length = this.number();
    const begin = this.#at;
    this.#at += length;
    if (this.#at > this.#end) throw new RangeError(`A field of ${length} bytes is cut off at byte ${this.#end}.`);
    return begin;
  }
}
