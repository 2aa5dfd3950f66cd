import type { StagePeriod } from '#lifecycle';
import { pluralize } from './format.js';
import { majorText } from './major-units.js';
import { singleLine } from './single-line.js';

/** `retention · at-risk, cycle 2` */
export function stageText(stage: string, phase: string, cycle: number): string {
  return `${stage} · ${phase}${cycle > 1 ? `, cycle ${cycle}` : ''}`;
}

/** A row of the query `history` as a stage period, with its instants as numbers again. */
export function stagePeriodOf(row: Readonly<Record<string, unknown>>): StagePeriod {
  const { enteredAt, leftAt, cause: given, ...rest } = row;
  const { deadline, ...cause } = given as Readonly<Record<string, unknown>>;
  const due = deadline as { readonly kind: string; readonly dueAt: unknown; readonly since: unknown } | undefined;
  return {
    ...rest,
    enteredAt: instantOf(enteredAt),
    leftAt: leftAt === null ? null : instantOf(leftAt),
    cause: {
      ...cause,
      ...(due === undefined ? {} : { deadline: { ...due, dueAt: instantOf(due.dueAt), since: instantOf(due.since) } }),
    },
  } as StagePeriod;
}

function instantOf(at: unknown): number {
  return typeof at === 'number' ? at : Date.parse(String(at));
}

/** The type and the data of a touchpoint in one line, cut where it is too long. */
export function touchpointText(type: string, data: Readonly<Record<string, unknown>>): string {
  const details: string[] = [];
  const { currency } = data;
  for (const [field, value] of Object.entries(data)) {
    if (field === 'currency' || value === null || value === undefined) continue;
    if (field.endsWith('Minor') && typeof value === 'number' && typeof currency === 'string') {
      details.push(`${field.slice(0, -'Minor'.length)} ${moneyText(value, currency)}`);
    } else if (Array.isArray(value)) details.push(pluralize(value.length, field.replace(/s$/, ''), field));
    else if (typeof value === 'object') details.push(`${field} ${JSON.stringify(value)}`);
    else details.push(`${field} ${String(value as string)}`);
  }
  const line = singleLine(details.join(', '));
  return `${type.padEnd(24)} ${line.length > 110 ? `${line.slice(0, 109)}…` : line}`.trimEnd();
}

/** An amount in minor units, as people write it: `29.33 USD`. */
export function moneyText(amountMinor: number, currency: string): string {
  return `${majorText(amountMinor, currency)} ${currency}`;
}
