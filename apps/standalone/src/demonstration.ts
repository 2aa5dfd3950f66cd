import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY, STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import {
  importedItem,
  IngestTouchpoints,
  PublishPolicy,
  PublishPolicyHandler,
  type IngestTouchpointsHandler,
  type PolicyPublished,
} from '#ingestion';
import { withShorterSilence, simulationReader, type SimulationOptions } from '#simulation';
import { runImport } from '#imports';
import type { Clock } from '#platform';

const CUSTOMERS = 2_000;
const SEED = 1;
const YEARS_DAYS = 731;
const BATCH = 1_000;
const PROGRESS_MS = 2_000;

export interface DemonstrationDependencies {
  readonly dataDir: string;
  readonly log: EventLog;
  readonly ingestTouchpoints: IngestTouchpointsHandler;
  readonly clock: Clock;
  /** Prints a line. */
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A simulated customer with a history worth reading first: they bought, were silent until they counted as lost, were won back, and are at risk again. */
export const EXAMPLE_CUSTOMER = 'userId:u1-001620';

/** The file that holds the demonstration's options until it has been played to its end, so that an interrupted one is resumed. */
const markerOf = (dataDir: string): string => join(dataDir, 'demonstration.json');

/** The streams that every log has after its first start. */
const PREPARED: ReadonlySet<string> = new Set([STREAMS.business('policy'), STREAMS.privacy]);

/** Whether to play: the log has no touchpoint yet, or an earlier demonstration was interrupted. */
export async function demonstrationWanted(dataDir: string, log: EventLog): Promise<boolean> {
  if (existsSync(markerOf(dataDir))) return true;
  for await (const page of log.readAll(0, { pageSize: 100 }))
    if (page.some(({ stream }) => !PREPARED.has(stream))) return false;
  return true;
}

/**
 * Ingests the touchpoints of simulated customers over two years, through the same handler as any other touchpoint, and publishes a second policy, in
 * force from now on, which moves some customers to at-risk. Played again after an interruption it adds only what is missing: the ids are the same.
 */
export async function playDemonstration(dependencies: DemonstrationDependencies): Promise<void> {
  const { dataDir, ingestTouchpoints, clock, print, signal } = dependencies;
  const marker = markerOf(dataDir);
  const until = Math.floor(clock.now() / DAY) * DAY;
  const fresh: SimulationOptions = { customers: CUSTOMERS, seed: SEED, from: until - YEARS_DAYS * DAY, until };
  const simulation = existsSync(marker) ? (JSON.parse(readFileSync(marker, 'utf8')) as SimulationOptions) : fresh;
  writeFileSync(marker, JSON.stringify(simulation));
  await publishSecondPolicy(dependencies);
  const began = performance.now();
  let printedAt = began;
  const summary = await runImport({
    reader: simulationReader(simulation),
    file: { path: '', name: 'demonstration' },
    sink: async (items) =>
      (await ingestTouchpoints.execute(new IngestTouchpoints(items.map(importedItem), clock.now()))).results,
    batchSize: BATCH,
    signal,
    now: () => performance.now(),
    onProgress: ({ items }) => {
      const now = performance.now();
      if (now - printedAt < PROGRESS_MS) return;
      printedAt = now;
      print(
        `Demonstration: ${items.toLocaleString('en')} touchpoints, ${Math.round((items * 1_000) / (now - began)).toLocaleString('en')} a second`,
      );
    },
  });
  if (summary.outcome === 'failed') throw summary.error;
  if (summary.outcome === 'stopped') return;
  rmSync(marker, { force: true });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  print(
    `Demonstration: ${CUSTOMERS.toLocaleString('en')} simulated customers, ${summary.progress.items.toLocaleString('en')} touchpoints over two years, in ${seconds} s. (DEMO=off starts without it.)`,
  );
}

/**
 * Publishes before the customers are ingested, so that each is folded once. A policy applies from its publication on, so it changes nothing in the two
 * years.
 */
async function publishSecondPolicy({ log, clock, print }: DemonstrationDependencies): Promise<void> {
  for await (const [first] of log.read(STREAMS.business('policy'), 0, { pageSize: 1 })) {
    if (first === undefined) return;
    const { policy } = JSON.parse(first.data) as PolicyPublished;
    const verdict = await new PublishPolicyHandler(log, clock).execute(
      new PublishPolicy(withShorterSilence(policy), null),
    );
    // The operator has published a policy of their own: it stays in force.
    if (!verdict.ok) print('Demonstration: your own policy stays in force, and no second one is published.');
    return;
  }
}
