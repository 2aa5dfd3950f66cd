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

/** The same of each thread by its number; the main one has the process's own. */
export function threadTimes(pid: number): ReadonlyMap<number, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((thread) => [Number(thread), readStat(`/proc/${pid}/task/${thread}/stat`).ms]),
  );
}

/** What the processes that this one started have used, and theirs, in milliseconds, by the number of the process. */
export function descendantTimes(of = process.pid): ReadonlyMap<number, { readonly name: string; readonly ms: number }> {
  const all = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [{ pid: Number(pid), ...readStat(`/proc/${pid}/stat`) }] : [];
    } catch {
      // It ended in the meantime.
      return [];
    }
  });
  const found = new Map<number, { name: string; ms: number }>();
  for (let parents = new Set([of]); parents.size > 0;) {
    const children = all.filter(({ parent }) => parents.has(parent));
    for (const { pid, name, ms } of children) found.set(pid, { name, ms });
    parents = new Set(children.map(({ pid }) => pid));
  }
  return found;
}

function readStat(file: string): { readonly name: string; readonly parent: number; readonly ms: number } {
  const text = readFileSync(file, 'utf8');
  const end = text.lastIndexOf(')');
  // After the name: state is field 3, so the parent (4) is the 2nd, and utime and stime (14 and 15) are the 12th and 13th here.
  const fields = text.slice(end + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    parent: Number(fields[1]),
    ms: (ticks * 1_000) / TICKS_PER_SECOND,
  };
}
