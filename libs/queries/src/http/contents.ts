/** What a check of the log found: each event's content was hashed again, and compared with the content hash that was recorded. */
export interface LogContents {
  readonly events: number;
  readonly intact: number;
  /** How many events do not have the content that was recorded; `refutations` names the first 100. */
  readonly refuted: number;
  readonly refutations: readonly {
    readonly position: number;
    readonly stream: string;
    readonly type: string;
    readonly source: string;
    readonly id: string;
    readonly detail: string;
  }[];
  /** How many events cannot be checked, by reason. */
  readonly unchecked: Readonly<Record<'erased' | 'expired' | 'withoutKey' | 'partly' | 'unknown', number>>;
}

/** How far the check has come, in the form of a build's progress. */
export interface ContentsProgress {
  readonly phase: 'content-hashes';
  readonly done: number;
  readonly total: number;
  readonly items: number;
  readonly rate: number;
  readonly secondsLeft: number | null;
}

/** Checks the content of every event of the log. */
export interface ContentChecker {
  check(options: {
    readonly onProgress?: (progress: ContentsProgress) => void;
    readonly signal?: AbortSignal;
  }): Promise<LogContents>;
}
