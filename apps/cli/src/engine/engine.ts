import type { ImportItem, ItemOutcome } from '#imports';
import type { DryRunResult } from '#projections';
import type { Answer, RawParams } from '#queries';

/** How far a long piece of work has come. */
export interface JobProgress {
  /** What is being done: `indexing`, `folding`, … */
  readonly step: string;
  readonly done: number;
  /** Null where it cannot be told beforehand. */
  readonly total: number | null;
  /** What is counted, where that is not `done`: `done` and `total` then tell the share and nothing else. */
  readonly items?: number;
  /** What `items` or `done` counts. */
  readonly unit: string;
}

export type OnProgress = (progress: JobProgress) => void;

/** What the engine answers to a command, as it is printed. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What `verify` compared. */
export interface Verification {
  readonly equal: boolean;
  readonly position: number;
  readonly live: string;
  readonly rebuilt: string;
  /** Tables that differ, and how many rows each side has that the other lacks. */
  readonly differing: readonly { readonly table: string; readonly onlyLive: number; readonly onlyRebuilt: number }[];
}

export interface RebuildSummary {
  readonly version: number;
  readonly position: number;
  /** Events that were read to build it. */
  readonly events: number;
  readonly elapsedMs: number;
  readonly digest: string;
}

/** What a rebuild would change. */
export type DryRunSummary = Pick<DryRunResult, 'equal' | 'position' | 'differences' | 'stages'>;

/** Whom to erase: an identifier in the clear, or a customer's id. */
export interface Erasure {
  readonly identifier?: string;
  readonly customer?: string;
}

/**
 * The engine as the commands see it: running, over HTTP; or stopped, its data folder opened in this process. They differ in where
 * the work is done and in nothing that a command could notice.
 */
export interface Engine {
  /** For people: `the engine at http://127.0.0.1:3000`, `the folder ./data`. */
  readonly place: string;
  /** One page of an answer. Throws `CliError` with the question's faults. */
  runQuery(query: string, params: RawParams): Promise<Answer>;
  /** The time zone of the business now. */
  timeZone(): Promise<string>;
  /** Stores a batch; resolves when it is durable. */
  ingest(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]>;
  /** Waits until the read models hold everything that the log holds now. */
  catchUp(onWork: OnProgress): Promise<void>;
  /** Interrupted, it goes on where it stopped when it is called again. */
  rebuild(onWork: OnProgress, signal: AbortSignal): Promise<RebuildSummary>;
  /** Tries a rebuild out and drops what it built. */
  dryRun(onWork: OnProgress, signal: AbortSignal): Promise<DryRunSummary>;
  /** Goes back to the version of the read models that was live before. */
  rollback(onWork: OnProgress, signal: AbortSignal): Promise<Omit<RebuildSummary, 'elapsedMs' | 'events'>>;
  verify(onWork: OnProgress, signal: AbortSignal): Promise<Verification>;
  /** Resolves with the receipt, as it is recorded. */
  erase(erasure: Erasure): Promise<JsonObject>;
  publishPolicy(policy: unknown, effectiveFrom: string | null): Promise<JsonObject>;
  /** One quarantined event with its body, opened. */
  quarantined(quarantineId: string): Promise<JsonObject>;
  /** Takes a quarantined event in after all: as it is, or fixed. Resolves with the verdict. */
  release(quarantineId: string, fixed: unknown): Promise<JsonObject>;
  discard(quarantineId: string, reason: string): Promise<JsonObject>;
  /** Every webhook and how it fares. They are a running engine's: throws `CliError` where there is none. */
  webhooks(): Promise<readonly JsonObject[]>;
  /** Tells a webhook again: what it missed, or what rests on the log from a position or an instant on. */
  replayWebhook(id: string, from: { readonly fromPosition?: number; readonly from?: string }): Promise<JsonObject>;
  /** Milliseconds that each step has taken since the engine started, for the timings. */
  steps(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}
