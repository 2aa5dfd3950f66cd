import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STREAMS } from '#contracts';
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
const DAY = 86_400_000;
const YEARS_DAYS = 731;
const BATCH = 1_000;
const SAID_EVERY_MS = 2_000;

export interface DemonstrationDependencies {
  readonly dataDir: string;
  readonly log: EventLog;
  readonly ingestTouchpoints: IngestTouchpointsHandler;
  readonly clock: Clock;
  /** Told what to print, a line at a time. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A made-up customer whose story a newcomer should read first: they bought, fell silent until they were lost, was won back, and is at risk again. */
export const WHOM_TO_ASK_FOR = 'userId:u1-001620';

/** What is being played: kept in the data folder until it has been played to its end, so that a stop in the middle is made good. */
const markerOf = (dataDir: string): string => join(dataDir, 'demonstration.json');

/** Streams of what every log holds from its first start on. */
const PREPARED: ReadonlySet<string> = new Set([STREAMS.business('policy'), STREAMS.privacy]);

/** Whether to play: nobody has published anything yet, or a demonstration was begun here and not ended. */
export async function demonstrationWanted(dataDir: string, log: EventLog): Promise<boolean> {
  if (existsSync(markerOf(dataDir))) return true;
  for await (const page of log.readAll(0, { pageSize: 100 }))
    if (page.some(({ stream }) => !PREPARED.has(stream))) return false;
  return true;
}

/**
 * Plays made-up customers over two years into the engine, by the same way in as any other touchpoint; and a second policy, in force from now
 * on, under which some of them are at risk who were not before. Played again after a stop it adds only what was missing: the ids are the same.
 */
export async function playDemonstration(parts: DemonstrationDependencies): Promise<void> {
  const { dataDir, ingestTouchpoints, clock, say, signal } = parts;
  const marker = markerOf(dataDir);
  const until = Math.floor(clock.now() / DAY) * DAY;
  const fresh: SimulationOptions = { customers: CUSTOMERS, seed: SEED, from: until - YEARS_DAYS * DAY, until };
  const simulation = existsSync(marker) ? (JSON.parse(readFileSync(marker, 'utf8')) as SimulationOptions) : fresh;
  writeFileSync(marker, JSON.stringify(simulation));
  await publishSecondPolicy(parts);
  const began = performance.now();
  let saidAt = began;
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
      if (now - saidAt < SAID_EVERY_MS) return;
      saidAt = now;
      say(
        `Demonstration: ${items.toLocaleString('en')} touchpoints, ${Math.round((items * 1_000) / (now - began)).toLocaleString('en')} a second`,
      );
    },
  });
  if (summary.outcome === 'failed') throw summary.error;
  if (summary.outcome === 'stopped') return;
  rmSync(marker, { force: true });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  say(
    `Demonstration: ${CUSTOMERS.toLocaleString('en')} made-up customers, ${summary.progress.items.toLocaleString('en')} touchpoints over two years, in ${seconds} s. (DEMO=off for none.)`,
  );
}

/**
 * Before the customers come, so that they are folded once; it moves nobody in the two years, since a policy is in force from its publication
 * on and rewrites nothing.
 */
async function publishSecondPolicy({ log, clock, say }: DemonstrationDependencies): Promise<void> {
  for await (const [first] of log.read(STREAMS.business('policy'), 0, { pageSize: 1 })) {
    if (first === undefined) return;
    const { policy } = JSON.parse(first.data) as PolicyPublished;
    const verdict = await new PublishPolicyHandler(log, clock).execute(
      new PublishPolicy(withShorterSilence(policy), null),
    );
    // Somebody published a policy of their own already: theirs is the one to look at.
    if (!verdict.ok) say('Demonstration: your own policy stands, no second one is published.');
    return;
  }
}
