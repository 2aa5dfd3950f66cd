/** What `pg` calls on a query of our own making while it goes over the wire. */
interface CopyConnection {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

const CHUNK_BYTES = 65_536;

/** COPY FROM STDIN, which `pg` speaks but does not offer: a text for each COPY among the statements, in their order. */
export class CopyIn {
  readonly done: Promise<void>;
  #next = 0;
  #resolve!: () => void;
  #reject!: (error: Error) => void;
  #error: Error | null = null;

  constructor(
    private readonly sql: string,
    private readonly texts: readonly string[],
  ) {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: CopyConnection): void {
    connection.query(this.sql);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    const bytes = Buffer.from(this.texts[this.#next++] ?? '', 'utf8');
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
      connection.sendCopyFromChunk(bytes.subarray(at, Math.min(at + CHUNK_BYTES, bytes.length)));
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {}

  handleError(error: Error): void {
    this.#error = error;
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === null) this.#resolve();
  }
}
