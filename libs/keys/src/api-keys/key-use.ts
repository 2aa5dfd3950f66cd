/** How often what was noted is written. */
const WRITE_MS = 60_000;

/** When each key was last used: noted at every request in memory, and written at most once a minute. */
export class KeyUse {
  private readonly noted = new Map<string, number>();
  private unwritten = new Set<string>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly write: (lastUsed: ReadonlyMap<string, number>) => Promise<void>) {}

  note(id: string, at: number): void {
    this.noted.set(id, at);
    this.unwritten.add(id);
    if (this.timer !== null) return;
    this.timer = setTimeout(() => void this.flush(), WRITE_MS);
    this.timer.unref();
  }

  /** When this process last saw the key; null where it has not. */
  lastUsed(id: string): number | null {
    return this.noted.get(id) ?? null;
  }

  /** Writes what was noted. A failure is not reported: the next minute writes it again, and health reports the store. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const ids = this.unwritten;
    if (ids.size === 0) return;
    this.unwritten = new Set();
    try {
      await this.write(new Map([...ids].map((id) => [id, this.noted.get(id) as number])));
    } catch {
      for (const id of ids) this.unwritten.add(id);
    }
  }
}
