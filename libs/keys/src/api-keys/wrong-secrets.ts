import { HOUR } from '#contracts';
import type { Acts, Clock } from '#platform';

/** Sums up which known keys came with a wrong secret, and records it hourly: an attempt is never an event of its own. */
export class WrongSecrets {
  private attempts = new Map<string, number>();
  private from = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly acts: Acts,
    private readonly clock: Clock,
  ) {}

  count(keyId: string): void {
    this.attempts.set(keyId, (this.attempts.get(keyId) ?? 0) + 1);
    if (this.timer !== null) return;
    this.from = this.clock.now();
    this.timer = setTimeout(() => void this.flush(), HOUR);
    this.timer.unref();
  }

  /** Records what was counted. Where the log does not answer, the counts are kept, and recorded with those of the next hour. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const { attempts, from } = this;
    if (attempts.size === 0) return;
    this.attempts = new Map();
    try {
      const data = { from, until: this.clock.now(), attempts: Object.fromEntries(attempts) };
      await this.acts.record({ name: 'sign-in-rejected', by: 'local', data });
    } catch {
      for (const [id, count] of attempts) this.attempts.set(id, (this.attempts.get(id) ?? 0) + count);
    }
  }
}
