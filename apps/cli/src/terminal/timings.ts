import type { ImportSummary } from '#imports';
import { formatDuration } from './format.js';

/** How long each step of an import took, and its share of the total. Steps in several threads overlap: the shares add up to more than 100 %. */
export function timingsTable(
  summary: ImportSummary,
  steps: Readonly<Record<string, number>>,
  caughtUpMs: number,
): string {
  const { totalMs, readMs, storeMs } = summary.timings;
  const whole = totalMs + caughtUpMs;
  const rows: (readonly [string, number])[] = [
    ['importing', totalMs],
    ['  reading and mapping', readMs],
    ['  waiting for commits', storeMs],
    ['updating the read models', caughtUpMs],
    ...Object.entries(steps).map(([step, ms]) => [`  ${step}`, ms] as const),
    ['total', whole],
  ];
  return rows
    .map(
      ([step, ms]) =>
        `  ${step.padEnd(30)}${formatDuration(ms).padStart(14)}${`${((ms / whole) * 100).toFixed(1)} %`.padStart(9)}\n`,
    )
    .join('');
}
