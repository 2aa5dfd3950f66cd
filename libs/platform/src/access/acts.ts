import type { FactName } from '#contracts';

/** An administrative act: what was done, and who did it. It holds no secret. */
export interface Act {
  readonly name: FactName;
  /** Who did it, as `actorOf` names a principal. */
  readonly by: string;
  /** Where the act may be recorded again after a crash: the same id with the same data is recorded once. */
  readonly id?: string;
  /** In the newest version of the contract of its name. */
  readonly data: object;
}

/** Records acts in the event log. The lib `event-log` provides it as ACTS. */
export interface Acts {
  /** Resolves when the act is durable. */
  record(act: Act): Promise<void>;
}
