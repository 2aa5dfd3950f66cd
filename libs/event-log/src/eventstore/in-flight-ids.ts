/**
 * The event ids that this process is appending at the moment. A second append of one of them waits until the outcome of the first is
 * known, and is then decided by it: so of several appends of one event in one process, one is accepted.
 */
export class InFlightIds {
  readonly #taken = new Map<string, Promise<void>>();

  /** Takes all of the ids or none of them, so that two appends of the same ids never wait for one another. */
  async with<T>(ids: Iterable<string>, work: () => Promise<T>): Promise<T> {
    const wanted = new Set(ids);
    for (;;) {
      const busy = [...wanted].flatMap((id) => this.#taken.get(id) ?? []);
      if (busy.length === 0) break;
      await Promise.all(new Set(busy));
    }
    let free = () => {};
    const until = new Promise<void>((resolve) => {
      free = resolve;
    });
    for (const id of wanted) this.#taken.set(id, until);
    try {
      return await work();
    } finally {
      for (const id of wanted) this.#taken.delete(id);
      free();
    }
  }
}
