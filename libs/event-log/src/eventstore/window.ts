/** Lets so many in at once, and so many bytes; the others wait in the order in which they came. */
export class Window {
  #places: number;
  #bytes: number;
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(
    private readonly size: number,
    bytesMax = Number.POSITIVE_INFINITY,
  ) {
    this.#places = size;
    this.#bytes = bytesMax;
  }

  async with<T>(work: () => Promise<T>, bytes = 0): Promise<T> {
    const leave = this.#entered(bytes) ?? (await this.enter(bytes));
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Resolves once there is room; what it resolves to makes room again, and is to be called once. */
  async enter(bytes = 0): Promise<() => void> {
    const entered = this.#entered(bytes);
    if (entered !== null) return entered;
    await new Promise<void>((enter) => this.#waiting.push({ bytes, enter }));
    return () => this.#leave(bytes);
  }

  /** Enters where there is room at once. */
  #entered(bytes: number): (() => void) | null {
    if (this.#waiting.length > 0 || !this.#hasRoom(bytes)) return null;
    this.#take(bytes);
    return () => this.#leave(bytes);
  }

  /** What is larger than all the room there is enters when nothing else is inside. */
  #hasRoom(bytes: number): boolean {
    return this.#places > 0 && (bytes <= this.#bytes || this.#places === this.size);
  }

  #take(bytes: number): void {
    this.#places -= 1;
    this.#bytes -= bytes;
  }

  #leave(bytes: number): void {
    this.#places += 1;
    this.#bytes += bytes;
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.bytes);
      next.enter();
    }
  }
}
