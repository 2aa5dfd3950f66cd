import { DAY } from '#contracts/basics';
import type { Instant } from '#contracts/basics';
import { fromWall, isUtc, toWall } from './zone.js';

/** The calendar day in the zone, as days since 1970-01-01. */
export function dayOf(at: Instant, timeZone: string): number {
  return Math.floor(toWall(at, timeZone) / DAY);
}

/** The first instant of a day given as days since 1970-01-01. Where midnight is skipped, the day starts later. */
export function dayStart(day: number, timeZone: string): Instant {
  return fromWall(day * DAY, timeZone);
}

/** The first instant of the calendar day in the zone that holds this instant. */
export function startOfDay(at: Instant, timeZone: string): Instant {
  return dayStart(dayOf(at, timeZone), timeZone);
}

/** The same wall time so many calendar days later (earlier when negative). */
export function addDays(at: Instant, days: number, timeZone: string): Instant {
  if (isUtc(timeZone)) return at + days * DAY;
  return fromWall(toWall(at, timeZone) + days * DAY, timeZone);
}

/** The same day of the month and wall time so many months later; a day that the month does not have is its last. */
export function addMonths(at: Instant, months: number, timeZone: string): Instant {
  const wall = toWall(at, timeZone);
  const day = Math.floor(wall / DAY);
  const date = new Date(day * DAY);
  const monthIndex = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const year = Math.floor(monthIndex / 12);
  const month = monthIndex - year * 12;
  const dayOfMonth = Math.min(date.getUTCDate(), daysInMonth(year, month));
  return fromWall(utcDay(year, month, dayOfMonth) * DAY + (wall - day * DAY), timeZone);
}

/** The anniversary: the same date and wall time so many years later; 29 February counts as the 28th in a common year. */
export function addYears(at: Instant, years: number, timeZone: string): Instant {
  return addMonths(at, years * 12, timeZone);
}

/** The Monday of the week that holds a day, both as days since 1970-01-01 (a Thursday). */
export function weekStart(day: number): number {
  return day - ((((day + 3) % 7) + 7) % 7);
}

/** Months since January 1970 of a day given as days since 1970-01-01. */
export function monthOf(day: number): number {
  const date = new Date(day * DAY);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** The first day of a month counted from January 1970, as days since 1970-01-01. */
export function monthStart(month: number): number {
  const year = Math.floor(month / 12);
  return utcDay(1970 + year, month - year * 12, 1);
}

function daysInMonth(year: number, month: number): number {
  return utcDay(year, month + 1, 1) - utcDay(year, month, 1);
}

function utcDay(year: number, month: number, dayOfMonth: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, dayOfMonth);
  return date.getTime() / DAY;
}
