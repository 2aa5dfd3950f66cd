/** How long to wait before the next attempt: twice as long each time, up to a bound. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The wait after `failures` failures in a row, of which there is at least one. */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff): number {
  return Math.min(maxMs, firstMs * 2 ** (failures - 1));
}
