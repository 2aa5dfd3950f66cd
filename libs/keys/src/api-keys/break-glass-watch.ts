import { formatInstant, MINUTE } from '#contracts';
import { describeError, PERMISSIONS, type Acts, type Logger } from '#platform';
import type { ApiKeys } from './api-keys.js';

const DAY_LENGTH = 10;

/**
 * Records that the admin key of the first start was used while people sign in by an identity provider: once for each UTC day.
 * Where people do not sign in, it is an ordinary key.
 */
export class BreakGlassWatch {
  private recorded: string | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly apiKeys: Pick<ApiKeys, 'list'>,
    private readonly acts: Acts,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.check().catch((error: unknown) => this.failed(error)), MINUTE);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  async check(): Promise<void> {
    const [oldest] = this.apiKeys.list();
    if (oldest === undefined || oldest.name !== 'admin' || oldest.permissions.length < PERMISSIONS.length) return;
    const { id: keyId, lastUsedAt } = oldest;
    if (lastUsedAt === null) return;
    const day = formatInstant(lastUsedAt).slice(0, DAY_LENGTH);
    if (day === this.recorded) return;
    // The same id again, by another process or after a restart, is recorded once.
    const id = `break-glass ${keyId} ${day}`;
    await this.acts.record({ name: 'break-glass-used', by: `key:${keyId}`, id, data: { keyId, day } });
    this.recorded = day;
    this.logger.warn({ keyId, day }, 'the admin key of the first start was used although people sign in');
  }

  private failed(error: unknown): void {
    this.logger.warn({ cause: describeError(error) }, 'the use of the admin key is not on record yet');
  }
}
