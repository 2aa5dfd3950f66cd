import { LruCache } from '#keys';
import type { Principal } from '#platform';

/** The rate `opened`: of `RateLimits`. */
export interface OpenedRate {
  /** @throws Problem 429, with `retryAfterS`, where the principal has used up its rate */
  admit(principal: Principal, name: 'opened', points: 0): { count(points: number): void };
}

/** Answers of several pages that are remembered at a time. */
const ANSWERS_MAX = 1_000;

/**
 * Counts the customers that a principal opens against its rate. The first page of an answer is rejected above the rate; the pages behind it wait, since a file that was begun
 * is not cut off in the middle.
 */
export class OpeningRate {
  private readonly begun = new LruCache<string, true>(ANSWERS_MAX);

  constructor(
    private readonly rate: OpenedRate,
    private readonly sleep: (ms: number) => Promise<unknown>,
  ) {}

  /** @throws Problem 429, before anything of the answer was sent */
  async count(
    { principal, requestId }: { readonly principal: Principal; readonly requestId: string },
    subjects: number,
  ): Promise<void> {
    for (;;) {
      try {
        this.rate.admit(principal, 'opened', 0).count(subjects);
        this.begun.set(requestId, true);
        return;
      } catch (error) {
        const seconds = this.begun.get(requestId) === undefined ? null : retryAfterOf(error);
        if (seconds === null) throw error;
        await this.sleep(seconds * 1_000);
      }
    }
  }
}

/** How many seconds a refusal says to wait; null for another error. */
function retryAfterOf(error: unknown): number | null {
  const { problem } = error as { readonly problem?: { readonly extension?: { readonly retryAfterS?: unknown } } };
  const seconds = problem?.extension?.retryAfterS;
  return typeof seconds === 'number' ? seconds : null;
}
