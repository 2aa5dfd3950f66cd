import { DAY, HOUR } from '#contracts';
import type { CheckResult, Clock, Logger } from '#platform';
import type { ApiKeyRecord, ApiKeys } from './api-keys.js';

/** Days before the expiry at which a key is warned of, the last first. */
const WARNING_DAYS = [1, 7, 30] as const;
const CHECK_MS = HOUR;

/** A key that expires soon, and has no successor yet. */
export interface ExpiringKey {
  readonly record: ApiKeyRecord;
  /** The smallest number of days, of those that are warned of, within which it expires. */
  readonly withinDays: number;
}

/** Warns of keys that expire: in the log once for each of 30, 7 and 1 days before, and in health for as long as it lasts. */
export class KeyExpiryWatch {
  private readonly warned = new Set<string>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  start(): void {
    this.check();
    this.timer = setInterval(() => this.check(), CHECK_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** The valid keys that expire within 30 days. A key that was rotated is expected to expire. */
  expiring(): readonly ExpiringKey[] {
    const now = this.clock.now();
    return this.apiKeys.list().flatMap((record): ExpiringKey[] => {
      const { id, expiresAt, revokedAt } = record;
      if (expiresAt === null || revokedAt !== null || expiresAt <= now) return [];
      const withinDays = WARNING_DAYS.find((days) => expiresAt - now <= days * DAY);
      return withinDays === undefined || this.apiKeys.successorOf(id) !== null ? [] : [{ record, withinDays }];
    });
  }

  /** Logs what is newly to be warned of. */
  check(): void {
    for (const { record, withinDays } of this.expiring()) {
      const warning = `${record.id} ${withinDays}`;
      if (this.warned.has(warning)) continue;
      this.warned.add(warning);
      this.logger.warn(
        { keyId: record.id, name: record.name, expiresAt: record.expiresAt },
        `an API key expires within ${withinDays === 1 ? 'a day' : `${withinDays} days`}: perennial keys rotate ${record.id}`,
      );
    }
  }

  /** For `/health/ready`, which needs no key: it counts the keys and names none. */
  health(): CheckResult {
    const expiring = this.expiring();
    const [first] = expiring.map(({ withinDays }) => withinDays).sort((a, b) => a - b);
    if (first === undefined) return { ok: true };
    const detail = `${expiring.length} of the API keys expire within 30 days, the first within ${first === 1 ? 'a day' : `${first} days`}: perennial keys list`;
    return { ok: false, required: false, detail };
  }
}
