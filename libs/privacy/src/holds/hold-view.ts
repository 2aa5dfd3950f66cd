import { formatInstant } from '#contracts';
import type { Hold, HoldsOnRecord } from './hold-register.js';

/** A legal hold as it is shown: without its reason, which is sealed. Instants are RFC 3339. */
export interface ShownHold {
  readonly holdId: string;
  readonly case: string;
  readonly status: 'active' | 'lifted';
  readonly customerId: string | null;
  readonly subjects: number;
  readonly placedAt: string;
  readonly placedBy: string;
  readonly liftedAt: string | null;
  readonly liftedBy: string | null;
  readonly waitingErasures: number;
}

export function holdView(hold: Hold, { waiting }: HoldsOnRecord): ShownHold {
  const held = new Set(hold.subjectIds);
  const waits = [...waiting.values()].filter(({ subjectIds }) => subjectIds.some((id) => held.has(id)));
  return {
    holdId: hold.holdId,
    case: hold.case,
    status: hold.lifted === null ? 'active' : 'lifted',
    customerId: hold.customerId,
    subjects: hold.subjectIds.length,
    placedAt: formatInstant(hold.placedAt),
    placedBy: hold.placedBy,
    liftedAt: hold.lifted === null ? null : formatInstant(hold.lifted.at),
    liftedBy: hold.lifted?.by ?? null,
    waitingErasures: waits.length,
  };
}
