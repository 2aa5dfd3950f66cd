import { formatInstant, MINUTE } from '#contracts';
import { Loop, type Clock, type Health } from '#platform';
import { Gauge, type Registry } from 'prom-client';
import type { SilentSource, SourceActivity } from './source-activity.js';
import type { Sources } from './sources.js';

const POLL_MS = 5 * MINUTE;

/** Watches for sources that fall silent against their own rhythm: shown by a metric and in the details of health, where the process stays ready. */
export class SilenceWatch {
  private silent: readonly SilentSource[] = [];
  private readonly loop: Loop;

  constructor(
    private readonly activity: SourceActivity,
    private readonly sources: Sources,
    private readonly clock: Clock,
    health: Health,
    metrics: Registry,
  ) {
    this.loop = new Loop(() => this.poll(), {
      backoff: { firstMs: POLL_MS, maxMs: POLL_MS },
      keepsProcessAlive: false,
    });
    health.register('sources', () => {
      const [first] = this.silent;
      if (first === undefined) return { ok: true };
      const names = this.silent.map(({ source }) => source).join(', ');
      const detail = `silent for longer than usual: ${names} (the first since ${formatInstant(first.silentSince)}); perennial query silent-sources`;
      return { ok: false, detail, required: false };
    });
    const silent = (): readonly SilentSource[] => this.silent;
    new Gauge({
      name: 'perennial_source_silent_seconds',
      help: 'For how long a source has been silent, where that is longer than its own rhythm allows.',
      labelNames: ['source'],
      registers: [metrics],
      collect() {
        this.reset();
        for (const { source, lastSeenAt } of silent()) this.set({ source }, (clock.now() - lastSeenAt) / 1_000);
      },
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Looks once. A source that is paused or retired is silent by intention. */
  async poll(): Promise<number> {
    const found = await this.activity.silent(this.clock.now());
    this.silent = found.filter(({ source }) => (this.sources.of(source)?.status ?? 'active') === 'active');
    return POLL_MS;
  }
}
