import { DAY } from '#contracts';
import { Loop, type CheckResult, type Clock } from '#platform';
import { stateOf, type ActOnRecord } from './act-on-record.js';
import type { ApprovalsLogger, RecordedApprovals } from './recorded-approvals.js';

const POLL_MS = 1_000;
/** A data subject's request is answered within a month; from half of it on an erasure that still waits is an alert. */
const HALF_OF_THE_LEGAL_MONTH_MS = 15 * DAY;

/** What waits for an approval, as health, log and metrics tell it. */
export interface WaitingSummary {
  readonly waiting: number;
  /** Erasures that were requested half of a legal month ago or more, and neither performed nor declined. */
  readonly overdue: readonly ActOnRecord[];
}

/** Performs what was approved while this process was down, or by a process that cannot do it; and warns of erasures that wait for too long. */
export class ApprovalsWatch {
  private readonly loop: Loop;
  private readonly warned = new Set<string>();
  private summary: WaitingSummary = { waiting: 0, overdue: [] };

  constructor(
    private readonly approvals: RecordedApprovals,
    private readonly clock: Clock,
    private readonly logger: ApprovalsLogger,
  ) {
    // The log's own health check reports a log that is unavailable; the next poll tries again.
    const backoff = { firstMs: POLL_MS, maxMs: 30 * POLL_MS };
    this.loop = new Loop(() => this.check().then(() => POLL_MS), { backoff, keepsProcessAlive: false });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  get current(): WaitingSummary {
    return this.summary;
  }

  async check(): Promise<void> {
    await this.approvals.finish();
    this.summary = summaryOf(await this.approvals.list(), this.clock.now());
    for (const { actId, requestedAt } of this.summary.overdue) {
      if (this.warned.has(actId)) continue;
      this.warned.add(actId);
      this.logger.warn(
        { actId, requestedAt },
        `an erasure waits for half of its legal month or longer: perennial acts approve ${actId}, or request it again where it lapsed`,
      );
    }
  }

  /** For `/health/ready`, which needs no key: it counts, and names no one. */
  health(): CheckResult {
    const { overdue } = this.summary;
    if (overdue.length === 0) return { ok: true };
    const detail = `${overdue.length} of the requested erasures wait for half of their legal month or longer: perennial acts list`;
    return { ok: false, required: false, detail };
  }
}

/** The clock of the law goes on where a request lapses: it is answered once the same was performed or declined since. */
export function summaryOf(acts: readonly ActOnRecord[], now: number): WaitingSummary {
  const waiting = acts.filter((act) => stateOf(act, now) === 'waiting').length;
  const answered = (act: ActOnRecord): boolean =>
    acts.some(
      ({ digest, status, requestedAt }) =>
        digest === act.digest && (status === 'performed' || status === 'declined') && requestedAt >= act.requestedAt,
    );
  const first = new Map<string, ActOnRecord>();
  for (const act of acts) {
    if (act.act !== 'erase' || act.status === 'performed' || act.status === 'declined' || answered(act)) continue;
    const before = first.get(act.digest);
    if (before === undefined || act.requestedAt < before.requestedAt) first.set(act.digest, act);
  }
  const overdue = [...first.values()].filter(({ requestedAt }) => now - requestedAt >= HALF_OF_THE_LEGAL_MONTH_MS);
  return { waiting, overdue };
}
