import type { Instant } from '#contracts';
import type { Row } from '#database';

/** Why a published stage change no longer holds. */
export type RetractionReason =
  'late-event' | 'reversal' | 'merge' | 'unmerge' | 'policy-changed' | 'policy-restated' | 'rebuild';

/** A row of what stands published; of an account it has other columns of its owner. */
export interface StageChange extends Record<string, unknown> {
  customer_id: string;
  publication: number;
  seq: number;
  kind: 'entered' | 'left' | 'retracted';
  cycle: number;
  stage: string;
  phase: string;
  entered_at: number;
  at: number;
  cause: unknown;
  policy_version: string | null;
}

/** What stands published of a customer or an account, and the number of its last publication; 0 before the first. */
export interface Standing {
  readonly rows: readonly StageChange[];
  readonly last: number;
}

/** The moment and the reason of a publication. */
export interface PublicationMoment {
  readonly reason: RetractionReason;
  /** How much of the log it rests on. */
  readonly position: number;
  /** What happened before this instant is history. */
  readonly historyEnd: Instant;
  /** When the past was last restated by a policy; −∞ if never. */
  readonly restatedAt: Instant;
}

export interface Publications {
  /** The rows to publish, numbered on, without whose they are. */
  readonly rows: readonly Row[];
  /** The numbers of the publications that are retracted. */
  readonly retracted: readonly number[];
}

/**
 * The difference between what stands published of a customer or an account and what follows from its stage periods now. Retractions come first, the newest first: a consumer
 * never sees it in two phases at once.
 */
export function publicationsOf(
  { rows: standing, last }: Standing,
  stagePeriods: readonly Row[],
  { reason, position, historyEnd, restatedAt }: PublicationMoment,
): Publications {
  const isRestated = reason === 'policy-restated';
  // What a restatement changes is history, however recent: nothing happened to the customer.
  const ends = isRestated ? Math.max(historyEnd, restatedAt) : historyEnd;
  const { outdated, fresh } = differenceOf(standing, stagePeriods);
  const newestFirst = [...outdated].sort((x, y) => y.publication - x.publication);
  const rowOf = (change: StageChange): Row => ({
    ...change,
    ...{ position, reason: null, retracts: null, historical: change.at < ends },
  });
  const retractions = newestFirst.map((change): Row => ({
    ...rowOf(change),
    ...{ kind: 'retracted', reason, retracts: change.publication, cause: null, policy_version: null },
    ...(isRestated ? { historical: true } : {}),
  }));
  return {
    rows: [...retractions, ...fresh.map(rowOf)].map((row, at) => ({ ...row, publication: last + 1 + at })),
    retracted: newestFirst.map(({ publication }) => publication),
  };
}

/** The difference between the stage changes that stand published and those that follow from the stage periods now. */
export function differenceOf<Standing extends StageChange>(
  standing: readonly Standing[],
  stagePeriods: readonly Row[],
): { readonly outdated: readonly Standing[]; readonly fresh: readonly StageChange[] } {
  const outdated = new Map(standing.map((row) => [changeKey(row), row]));
  const fresh = stagePeriods
    .flatMap((period, i) => changesOf(period, stagePeriods[i + 1]))
    .filter((change) => !outdated.delete(changeKey(change)));
  return { outdated: [...outdated.values()], fresh };
}

/** The stage changes of a stage period: it was entered, and it was left, with the cause of the period that followed. */
export function changesOf(period: Row, next: Row | undefined): StageChange[] {
  const entered = {
    customer_id: period['customer_id'],
    publication: 0,
    seq: period['seq'],
    kind: 'entered',
    cycle: period['cycle'],
    stage: period['stage'],
    phase: period['phase'],
    entered_at: period['entered_at'],
    at: period['entered_at'],
    cause: period['cause'],
    policy_version: period['policy_version'],
  } as StageChange;
  const leftAt = period['left_at'] as number | null;
  if (leftAt === null) return [entered];
  const leaving = {
    cause: next?.['cause'] ?? null,
    policy_version: (next?.['policy_version'] ?? null) as string | null,
  };
  return [entered, { ...entered, kind: 'left', at: leftAt, ...leaving }];
}

/** Two stage changes are the same when all these are equal. The number of the stage period is left out: it may shift. */
function changeKey({ kind, cycle, stage, phase, entered_at: enteredAt, at }: StageChange): string {
  return `${kind} ${cycle} ${stage} ${phase} ${enteredAt} ${at}`;
}
