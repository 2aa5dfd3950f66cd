import { hash, randomUUID } from 'node:crypto';
import { formatInstant, type ActForApproval, type Data, type Instant } from '#contracts';
import type { WaitingAct } from '#platform';
import type { ActOnRecord } from './act-on-record.js';

type Requested = Pick<ActOnRecord, 'actId' | 'act' | 'detail' | 'digest' | 'until'>;

/** The data of an `act-requested`, with a new id. */
export function requestOf(
  act: ActForApproval,
  detail: Data,
  until: Instant,
  sealed: string | null,
  actId = newActId(),
): Requested & { readonly sealed?: string } {
  const requested = { actId, act, detail, digest: digestOf(act, detail), until };
  return sealed === null ? requested : { ...requested, sealed };
}

export const newActId = (): string => randomUUID().replaceAll('-', '');

/** SHA-256 over what is asked, whatever the order of its fields. */
export const digestOf = (act: ActForApproval, detail: Data): string =>
  hash('sha256', JSON.stringify(ordered({ act, detail })), 'hex');

export const waitingAct = ({
  actId,
  act,
  digest,
  until,
}: Pick<ActOnRecord, 'actId' | 'act' | 'digest' | 'until'>): WaitingAct => ({
  ...{ actId, act, digest },
  state: 'waiting',
  until: formatInstant(until),
});

/** The value with the fields of every object in one order. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, ordered(each)]));
}
