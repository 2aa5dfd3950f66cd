/** A clock that races through the given days and then stands still, the same in every process: `from until began factor`. */
export function racingClock(text: string): { now(): number } {
  const [from = 0, until = 0, began = 0, factor = 1] = text.split(' ').map(Number);
  return { now: () => Math.min(until, Math.round(from + (Date.now() - began) * factor)) };
}

export const racingFrom = (from: number, until: number, withinMs: number): string =>
  `${from} ${until} ${Date.now()} ${(until - from) / withinMs}`;
