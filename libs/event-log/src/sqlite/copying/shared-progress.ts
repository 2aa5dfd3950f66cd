/** How far a thread has come, and whether it shall stop: memory that both sides read, since the thread is busy and reads no messages. */
export class SharedProgress {
  private readonly cells: BigInt64Array;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.cells = new BigInt64Array(memory);
  }

  begin(total: number): void {
    Atomics.store(this.cells, 0, 0n);
    Atomics.store(this.cells, 1, BigInt(total));
  }

  reach(done: number): void {
    Atomics.store(this.cells, 0, BigInt(done));
  }

  get done(): number {
    return Number(Atomics.load(this.cells, 0));
  }

  get total(): number {
    return Number(Atomics.load(this.cells, 1));
  }

  stop(): void {
    Atomics.store(this.cells, 2, 1n);
  }

  get stopped(): boolean {
    return Atomics.load(this.cells, 2) === 1n;
  }
}
