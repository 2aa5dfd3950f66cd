/** One figure of a benchmark beside its raw baseline, both of the same run. */
export interface ReportRow {
  readonly what: string;
  /** What the raw store did with the same rows. */
  readonly raw: string;
  readonly ours: string;
  readonly ratio: string;
  readonly goal: string;
}

const HEADS: ReportRow = { what: 'what', raw: 'raw baseline', ours: 'ours', ratio: 'ratio', goal: 'goal' };

/** Prints the figures as a table, and below it what limits them. */
export function report(title: string, lines: readonly ReportRow[], limits: readonly string[]): void {
  const all = [HEADS, ...lines];
  const width = (column: keyof ReportRow) => Math.max(...all.map((line) => line[column].length));
  const widths = { what: width('what'), raw: width('raw'), ours: width('ours'), ratio: width('ratio') };
  console.log(`\n${title}\n`);
  for (const { what, raw, ours, ratio, goal } of all)
    console.log(
      `${what.padEnd(widths.what)}  ${raw.padStart(widths.raw)}  ${ours.padStart(widths.ours)}  ${ratio.padStart(widths.ratio)}  ${goal}`,
    );
  console.log('');
  for (const limit of limits) console.log(`Limit: ${limit}`);
}

/** `41,200/s` */
export const perSecond = (count: number, ms: number): string =>
  `${Math.round((count * 1_000) / ms).toLocaleString('en')}/s`;

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

export const milliseconds = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

export const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;

/** The value below which a share of the (unsorted) values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
