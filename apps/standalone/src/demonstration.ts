import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { importedItem, runImport, simulationLayout, type Intake, type SimulationOptions } from '#intake';
import type { Clock } from '#platform';

const CUSTOMERS = 2_000;
const SEED = 1;
const DAY = 86_400_000;
const YEARS_DAYS = 731;
const BATCH = 1_000;
const SAID_EVERY_MS = 2_000;

export interface DemonstrationParts {
  readonly dataDir: string;
  readonly intake: Intake;
  readonly clock: Clock;
  /** Told what to print, a line at a time. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

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
 * Plays made-up customers over two years into the engine, by the same way in as any other touchpoint. Played again after a
 * stop it adds only what was missing: the ids are the same.
 */
export async function playDemonstration({ dataDir, intake, clock, say, signal }: DemonstrationParts): Promise<void> {
  const marker = markerOf(dataDir);
  const until = Math.floor(clock.now() / DAY) * DAY;
  const fresh: SimulationOptions = { customers: CUSTOMERS, seed: SEED, from: until - YEARS_DAYS * DAY, until };
  const simulation = existsSync(marker) ? (JSON.parse(readFileSync(marker, 'utf8')) as SimulationOptions) : fresh;
  writeFileSync(marker, JSON.stringify(simulation));
  const began = performance.now();
  let saidAt = began;
  const summary = await runImport({
    layout: simulationLayout(simulation),
    file: { path: '', name: 'demonstration' },
    sink: async (items) => (await intake.take(items.map(importedItem), { receivedAt: clock.now() })).results,
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
