import { median, perSecond, type ReportRow } from './table.js';

/** What is compared: each measures itself and returns milliseconds. */
export type Alternating<Name extends string> = Readonly<Record<Name, () => Promise<number>>>;

/**
 * Runs all of them once in each round, so that whatever else the machine does meets all of them. Returns their milliseconds.
 * @param onUsage told after each what processor time this process took meanwhile, in milliseconds
 */
export async function inTurn<Name extends string>(
  rounds: number,
  measures: Alternating<Name>,
  onUsage?: (name: Name, cpuMs: number) => void,
): Promise<Record<Name, number[]>> {
  const taken = Object.fromEntries(Object.keys(measures).map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >;
  for (let round = 0; round < rounds; round += 1)
    for (const name of Object.keys(measures) as Name[]) {
      const before = process.cpuUsage();
      taken[name].push(await measures[name]());
      const { user, system } = process.cpuUsage(before);
      onUsage?.(name, (user + system) / 1_000);
    }
  return taken;
}

/** How long some work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** A row of rates: the median of the rounds, and the lowest and highest ratio of one round. */
export function perEventRow(
  what: string,
  events: number,
  { raw, ours, goal }: { readonly raw: readonly number[]; readonly ours: readonly number[]; readonly goal: string },
): ReportRow {
  const ratios = ours.map((ms, round) => (raw[round] ?? Number.NaN) / ms).sort((a, b) => a - b);
  const range = ratios.length > 1 ? ` (${(ratios[0] ?? 0).toFixed(2)}–${(ratios.at(-1) ?? 0).toFixed(2)})` : '';
  return {
    what,
    raw: perSecond(events, median(raw)),
    ours: perSecond(events, median(ours)),
    ratio: `${(median(raw) / median(ours)).toFixed(2)}${range}`,
    goal,
  };
}
