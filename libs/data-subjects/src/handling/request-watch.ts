import { HOUR } from '#contracts';
import { Loop, type CheckResult, type Clock, type Health, type Logger } from '#platform';
import { SubjectRequestLedger, type SubjectRequest } from '#privacy';
import { dueState, type RequestState } from '#queries';
import { Gauge, type Registry } from 'prom-client';

/** Days left at which the log warns of a request, once for each. */
const WARNING_DAYS = [7, 3, 1, 0] as const;

interface OpenRequest {
  readonly request: SubjectRequest;
  readonly state: RequestState;
  readonly daysLeft: number;
}

/** Warns of requests of data subjects that fall due: in the log, by a metric, and in health for as long as it lasts. Names no person. */
export class RequestWatch {
  private readonly warned = new Set<string>();
  private open: readonly OpenRequest[] = [];
  private readonly loop: Loop;
  private readonly ledger: SubjectRequestLedger;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
    log: ConstructorParameters<typeof SubjectRequestLedger>[0],
    health: Health,
    metrics: Registry,
  ) {
    this.ledger = new SubjectRequestLedger(log);
    this.loop = new Loop(() => this.poll(), {
      backoff: { firstMs: HOUR, maxMs: HOUR },
      keepsProcessAlive: false,
    });
    health.register('subject-requests', () => this.health());
    const open = (): readonly OpenRequest[] => this.open;
    new Gauge({
      name: 'perennial_subject_requests',
      help: 'Requests of data subjects that are not answered: open, due within 7 days, overdue.',
      labelNames: ['state'],
      registers: [metrics],
      collect() {
        for (const wanted of ['open', 'due', 'overdue'])
          this.set({ state: wanted }, open().filter(({ state }) => state === wanted).length);
      },
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** Looks once: reads what was recorded since, and warns of what has newly come near. */
  async poll(): Promise<number> {
    const now = this.clock.now();
    const { requests } = await this.ledger.read();
    this.open = [...requests.values()].flatMap((request) => {
      const { state, daysLeft } = dueState(request, now);
      return daysLeft === null ? [] : [{ request, state, daysLeft }];
    });
    for (const { request, state, daysLeft } of this.open) {
      const within = state === 'overdue' ? -1 : WARNING_DAYS.findLast((days) => daysLeft <= days);
      if (within === undefined) continue;
      const { requestId, kind, dueOn } = request;
      const warning = `${requestId} ${dueOn} ${within}`;
      if (this.warned.has(warning)) continue;
      this.warned.add(warning);
      this.logger.warn(
        { requestId, kind, dueOn },
        state === 'overdue'
          ? 'the time to answer a request of a data subject has passed: perennial subject-request list --state overdue'
          : `a request of a data subject is to be answered ${daysLeft === 0 ? 'today' : `within ${daysLeft} days`}: perennial subject-request show ${requestId}`,
      );
    }
    return HOUR;
  }

  private health(): CheckResult {
    const near = this.open.filter(({ state }) => state !== 'open');
    const overdue = near.filter(({ state }) => state === 'overdue').length;
    if (near.length === 0) return { ok: true };
    const detail = `requests of data subjects: ${overdue} overdue, ${near.length - overdue} due within 7 days; perennial subject-request list`;
    return { ok: false, required: false, detail };
  }
}
