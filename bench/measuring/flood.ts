/** What to send for a while, as fast as this process can. */
export interface Flood {
  readonly url: string;
  readonly path: string;
  /** The bearer token. */
  readonly key: string;
  /** A body in which `ID` stands wherever the number of an event belongs: each event that is sent has a number of its own. */
  readonly template: string;
  readonly connections: number;
  readonly ms: number;
}

/** What was answered. */
export interface Flooded {
  readonly requests: number;
  readonly ms: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** What stands for the number of an event: as long as every number. */
export const ID = '@@@@@@@@@@@@';
