/** A header's value: text, or bytes where it is no UTF-8; several where a header stands there more than once. */
export type HeaderValue = string | Buffer;
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;

/** A message to be sent. A value of null is a tombstone: in a compacted topic it takes away what its key had. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Headers;
  /** Where it is not left to the key. */
  readonly partition?: number;
}

/** A header's value as it was read; null where the header stands there without one. */
export type ReceivedHeader = HeaderValue | null;

/** A message as it was read. */
export interface ReceivedMessage {
  readonly offset: number;
  /** When the broker or the sender dated it, in UTC milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, ReceivedHeader | readonly ReceivedHeader[] | undefined>>;
}
