import { DAY, formatInstant, HOUR, STREAMS, type Instant, type PersonalDataOpened } from '#contracts';
import type { EventLog } from '#event-log';
import { openingRulesOf } from '#lifecycle';
import type { CheckResult, Clock, Logger } from '#platform';
import type { PolicyInForce } from './policy-in-force.js';

const DAY_LENGTH = 10;
const CHECK_MS = 10_000;

interface SeenOpening {
  readonly at: Instant;
  readonly by: string;
  readonly ids: readonly string[];
}

/** A principal that opened more subjects within the last hour than the policy allows without an alert. */
export interface MassOpening {
  readonly by: string;
  readonly subjects: number;
}

export interface MassOpeningDependencies {
  readonly log: Pick<EventLog, 'read'>;
  readonly policy: Pick<PolicyInForce, 'now'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Called once for each alert. */
  readonly onAlert?: (alert: MassOpening) => void;
}

/**
 * Alerts where one principal opens the personal data of many subjects within an hour. It reads what the log records, so that the openings of every process
 * count, and those before a start: nothing switches it off.
 */
export class MassOpenings {
  private seen: SeenOpening[] = [];
  private readonly revisions = new Map<string, number>();
  private readonly alerted = new Set<string>();
  private current: readonly MassOpening[] = [];
  private timer: NodeJS.Timeout | null = null;
  private checking: Promise<void> | null = null;

  constructor(private readonly dependencies: MassOpeningDependencies) {}

  start(): void {
    this.checkSoon();
    this.timer = setInterval(() => this.checkSoon(), CHECK_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.checking;
  }

  /** Checks without waiting: after each opening, and from time to time. A log that is away is reported by its own health check. */
  checkSoon(): void {
    this.checking ??= this.check()
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => (this.checking = null));
  }

  /** Reads what was recorded since the last time, and alerts of what is new. */
  async check(): Promise<readonly MassOpening[]> {
    const { clock, policy, logger, onAlert } = this.dependencies;
    const now = clock.now();
    const since = now - HOUR;
    // A stream is named by the clock of the process that wrote it: the day before and after are looked into as well.
    for (const at of [now - DAY, now, now + DAY]) await this.readOn(formatInstant(at).slice(0, DAY_LENGTH), since);
    this.seen = this.seen.filter(({ at }) => at >= since);
    const subjects = new Map<string, Set<string>>();
    for (const { by, ids } of this.seen) {
      const known = subjects.get(by) ?? new Set<string>();
      for (const id of ids) known.add(id);
      subjects.set(by, known);
    }
    const { alertSubjectsPerHour } = openingRulesOf(await policy.now());
    this.current = [...subjects]
      .filter(([, ids]) => ids.size > alertSubjectsPerHour)
      .map(([by, ids]) => ({ by, subjects: ids.size }));
    for (const by of this.alerted) if (!this.current.some((alert) => alert.by === by)) this.alerted.delete(by);
    for (const alert of this.current) {
      if (this.alerted.has(alert.by)) continue;
      this.alerted.add(alert.by);
      logger.warn(
        { ...alert, alertSubjectsPerHour },
        `a principal opened the personal data of more than ${alertSubjectsPerHour} subjects within an hour: perennial query openings --by ${alert.by}`,
      );
      onAlert?.(alert);
    }
    return this.current;
  }

  /** For `/health/ready`, which needs no key: it counts the principals and names none. */
  health(): CheckResult {
    if (this.current.length === 0) return { ok: true };
    const detail = `${this.current.length} of the principals opened the personal data of very many subjects within an hour: perennial query openings`;
    return { ok: false, required: false, detail };
  }

  private async readOn(day: string, since: Instant): Promise<void> {
    const stream = STREAMS.access(day);
    for await (const page of this.dependencies.log.read(stream, this.revisions.get(stream) ?? 0))
      for (const { revision, type, recordedAt, meta, data } of page) {
        this.revisions.set(stream, revision + 1);
        if (type !== 'personal-data-opened' || recordedAt < since) continue;
        const { by = 'unknown' } = JSON.parse(meta) as { readonly by?: string };
        const { subjectIds, quarantineIds = [] } = JSON.parse(data) as PersonalDataOpened;
        this.seen.push({ at: recordedAt, by, ids: [...subjectIds, ...quarantineIds] });
      }
  }
}
