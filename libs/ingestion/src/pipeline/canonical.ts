/** A JSON value with the fields of every object in one order, so that the same content is the same text, whatever wrote it. */
export function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(canonical);
  const object = value as Readonly<Record<string, unknown>>;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(object).sort()) ordered[key] = canonical(object[key]);
  return ordered;
}
