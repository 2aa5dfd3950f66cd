import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** What a process has used of the processors since it began, in milliseconds, by its threads' names; of Linux only. */
export interface ProcessorTime {
  readonly totalMs: number;
  readonly byThread: ReadonlyMap<string, number>;
}

/** Asks the kernel, so that the process itself is not disturbed. */
export function processorTime(pid: number): ProcessorTime {
  const byThread = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const { name, ms } = readStat(`/proc/${pid}/task/${thread}/stat`);
    const known = thread === String(pid) ? 'main' : name;
    byThread.set(known, (byThread.get(known) ?? 0) + ms);
  }
  return { totalMs: readStat(`/proc/${pid}/stat`).ms, byThread };
}

function readStat(file: string): { readonly name: string; readonly ms: number } {
  const text = readFileSync(file, 'utf8');
  const end = text.lastIndexOf(')');
  // After the name: state is field 3, so utime and stime (14 and 15) are the 12th and 13th here.
  const fields = text.slice(end + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { name: text.slice(text.indexOf('(') + 1, end), ms: (ticks * 1_000) / TICKS_PER_SECOND };
}
