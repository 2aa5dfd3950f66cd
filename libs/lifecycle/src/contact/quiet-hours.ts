import { DAY, type Instant } from '#contracts/basics';
import { dayOf, dayStart } from '../calendar/calendar.js';
import { offsetAt, toWall } from '../calendar/zone.js';
import type { QuietHours } from '../policy/policy.js';

const MINUTE = 60_000;

/** Minutes since midnight of a time of the day, `HH:MM`. */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** When quiet hours that hold at this instant end; null where they do not hold. The clock on the wall decides, also where it is put forward or back. */
export function quietUntil({ from, until }: QuietHours, at: Instant, timeZone: string): Instant | null {
  const [begin, end] = [minutesOf(from) * MINUTE, minutesOf(until) * MINUTE];
  let instant = at;
  // Within a day a clock is put forward or back at most once or twice.
  for (let step = 0; step < 4; step += 1) {
    const wall = toWall(instant, timeZone);
    const timeOfDay = wall - Math.floor(wall / DAY) * DAY;
    const overMidnight = end <= begin;
    const isQuiet = overMidnight ? timeOfDay >= begin || timeOfDay < end : timeOfDay >= begin && timeOfDay < end;
    if (!isQuiet) return step === 0 ? null : instant;
    const left = end > timeOfDay ? end - timeOfDay : end + DAY - timeOfDay;
    const change = nextChange(instant, instant + left, timeZone);
    instant = change ?? instant + left;
  }
  return instant;
}

/** When the offset of the zone changes between two instants less than two days apart; null where it does not. */
function nextChange(from: Instant, until: Instant, timeZone: string): Instant | null {
  const offset = offsetAt(from, timeZone);
  if (offsetAt(until - 1, timeZone) === offset) return null;
  let [before, after] = [from, until - 1];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle, timeZone) === offset) before = middle;
    else after = middle;
  }
  return after;
}

/** When a day without contact that holds at this instant ends; null where the day is none. `days` are `MM-DD` or `YYYY-MM-DD`. */
export function holdbackUntil(days: ReadonlySet<string>, at: Instant, timeZone: string): Instant | null {
  const day = dayOf(at, timeZone);
  const date = new Date(day * DAY).toISOString().slice(0, 10);
  return days.has(date) || days.has(date.slice(5)) ? dayStart(day + 1, timeZone) : null;
}
