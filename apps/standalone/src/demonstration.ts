import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY, formatInstant, STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import {
  DefineSegment,
  importedItem,
  IngestTouchpoints,
  ManageSegments,
  PublishPolicy,
  PublishPolicyHandler,
  type IngestTouchpointsHandler,
  type PolicyPublished,
} from '#ingestion';
import { withShorterSilence, simulationReader, type SimulationOptions } from '#simulation';
import type { Policy } from '#lifecycle';
import { runImport } from '#imports';
import type { Approvals, Clock } from '#platform';
import { DEMONSTRATION_SEGMENTS } from './demonstration-segments.js';

const CUSTOMERS = 2_000;
const SEED = 1;
const YEARS_DAYS = 731;
const BATCH = 1_000;
const PROGRESS_MS = 2_000;

export interface DemonstrationDependencies {
  readonly dataDir: string;
  readonly log: EventLog;
  readonly approvals: Approvals;
  readonly ingestTouchpoints: IngestTouchpointsHandler;
  readonly clock: Clock;
  /** The first of its two policies. */
  readonly policy: Policy;
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
 * Ingests the touchpoints of simulated customers over two years, through the same handler as any other touchpoint, and publishes two policies, the second in
 * force from now on, which moves some customers to at-risk. Played again after an interruption it adds only what is missing: the ids are the same.
 */
export async function playDemonstration(dependencies: DemonstrationDependencies): Promise<void> {
  const { dataDir, ingestTouchpoints, clock, print, signal } = dependencies;
  const marker = markerOf(dataDir);
  const until = Math.floor(clock.now() / DAY) * DAY;
  const fresh: SimulationOptions = { customers: CUSTOMERS, seed: SEED, from: until - YEARS_DAYS * DAY, until };
  const simulation = existsSync(marker) ? (JSON.parse(readFileSync(marker, 'utf8')) as SimulationOptions) : fresh;
  writeFileSync(marker, JSON.stringify(simulation));
  await publishPolicies(dependencies);
  await defineSegments(dependencies);
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

/** Defines the demonstration's segments before its customers are ingested, so that each is folded once. Twice is the same as once. */
async function defineSegments({ log, clock }: DemonstrationDependencies): Promise<void> {
  const segments = new ManageSegments(log, clock);
  for (const definition of DEMONSTRATION_SEGMENTS) {
    const verdict = await segments.define(new DefineSegment(definition));
    if (!verdict.ok) throw new Error(`A segment cannot be defined: ${JSON.stringify(verdict.errors)}`);
  }
}

/** The second policy takes effect so soon after the first. */
const SECOND_POLICY_AFTER_MS = 1_000;

/**
 * Publishes the demonstration's own policies before its customers are ingested, so that each is folded once: a first one for all of the two
 * years, and a second one that applies from now on, so it changes nothing in them. Where the business has a policy of its own, that one
 * stays in force and none is published.
 */
async function publishPolicies({ log, clock, policy, approvals, print }: DemonstrationDependencies): Promise<void> {
  const versions: string[] = [];
  for await (const page of log.read(STREAMS.business('policy')))
    versions.push(...page.map(({ data }) => (JSON.parse(data) as PolicyPublished).version));
  const [first, second] = [policy, withShorterSilence(policy)];
  if (versions.length > 1) return;
  const handler = new PublishPolicyHandler(log, clock, approvals);
  const before = await handler.execute(new PublishPolicy(first));
  if (!before.ok) {
    print('Demonstration: your own policy stays in force, and no other is published.');
    return;
  }
  const effectiveFrom = formatInstant(clock.now() + SECOND_POLICY_AFTER_MS);
  const verdict = await handler.execute(new PublishPolicy(second, { effectiveFrom }));
  if (!verdict.ok) throw new Error(`The second policy cannot be published: ${JSON.stringify(verdict.errors)}`);
}
