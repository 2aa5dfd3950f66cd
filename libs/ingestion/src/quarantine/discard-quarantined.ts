import type { Clock } from '#platform';
import type { Closing, Quarantine } from './quarantine.js';

/** Close a quarantined event without ingesting it. */
export class DiscardQuarantined {
  constructor(
    readonly quarantineId: string,
    readonly reason: string,
    /** Id of the principal who discards it. */
    readonly by: string,
  ) {}
}

/** Closes a quarantined event for good; its record stays in the log. Twice is the same as once. */
export class DiscardQuarantinedHandler {
  constructor(
    private readonly quarantine: Quarantine,
    private readonly clock: Clock,
  ) {}

  async execute({ quarantineId, reason, by }: DiscardQuarantined): Promise<Closing> {
    const quarantined = await this.quarantine.find(quarantineId);
    if (quarantined === null) return { outcome: 'unknown' };
    if (quarantined.status === 'discarded') return { outcome: 'closed', quarantined };
    if (quarantined.status !== 'open') return { outcome: 'conflict', quarantined };
    return this.quarantine.close(quarantineId, 'event-discarded', { reason, by }, this.clock.now());
  }
}
