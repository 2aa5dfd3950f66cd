const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `6,919` */
export function formatNumber(number: number): string {
  return WHOLE.format(number);
}

/** `1 row`, `6,919 rows` */
export function pluralize(number: number, one: string, many = `${one}s`): string {
  return `${formatNumber(number)} ${number === 1 ? one : many}`;
}

/** `350 ms`, `4.2 s`, `3 min 20 s` */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `512 bytes`, `74.3 MB` */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? formatNumber(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
