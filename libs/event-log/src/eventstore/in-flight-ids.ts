/**
 * The names that this process is appending at the moment. Who brings one of them waits until its outcome is known, and is
 * then judged by it: so that of several in one process who append one event, one is told that it was accepted.
 */
export class InFlightIds {
  readonly #taken = new Map<string, Promise<void>>();

  /** All of the names or none of them, so that two who want the same ones never wait for one another. */
  async with<T>(names: Iterable<string>, work: () => Promise<T>): Promise<T> {
    const wanted = new Set(names);
    for (;;) {
      const busy = [...wanted].flatMap((name) => this.#taken.get(name) ?? []);
      if (busy.length === 0) break;
      await Promise.all(new Set(busy));
    }
    let free = () => {};
    const until = new Promise<void>((resolve) => {
      free = resolve;
    });
    for (const name of wanted) this.#taken.set(name, until);
    try {
      return await work();
    } finally {
      for (const name of wanted) this.#taken.delete(name);
      free();
    }
  }
}
