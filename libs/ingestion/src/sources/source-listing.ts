import { formatInstant, type Instant, type RegisteredSource, type SourceSettings, type SourceStatus } from '#contracts';
import { UNREADABLE_SOURCE } from '../pipeline/item.js';
import type { Activity, SourceActivity, SpanOutcomes } from './source-activity.js';

/** A source with what came in from it lately. */
export interface SourceListing extends Partial<Omit<SourceSettings, 'name'>> {
  readonly name: string;
  /** `unregistered`: it sends, and was never registered. */
  readonly status: SourceStatus | 'unregistered';
  readonly registeredAt: string | null;
  readonly changedAt: string | null;
  /** Null where it sent nothing yet, or where this process has no read models. */
  readonly lastSeenAt: string | null;
  /** The current hour and the one before. */
  readonly lastHour: SpanOutcomes | null;
  /** The current hour and the 24 before. */
  readonly lastDay: SpanOutcomes | null;
}

const NOTHING: SpanOutcomes = { received: 0, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };

/** All sources: those that are registered, and then those that send without being so. */
export async function listSources(
  registered: ReadonlyMap<string, RegisteredSource>,
  activity: SourceActivity,
  now: Instant,
): Promise<readonly SourceListing[]> {
  const active = await activity.all(now);
  const bySource = new Map((active ?? []).map((each) => [each.source, each]));
  const listed = [...registered.values()].map((source) =>
    listingOf(source, active === null ? null : bySource.get(source.settings.name)),
  );
  const unregistered = [...bySource.values()]
    .filter(({ source }) => source !== UNREADABLE_SOURCE && !registered.has(source))
    .map((each): SourceListing => ({
      name: each.source,
      status: 'unregistered',
      registeredAt: null,
      changedAt: null,
      ...latelyOf(each),
    }));
  return [...listed, ...unregistered];
}

/** @param activity undefined where it sent nothing yet; null where that is not known */
export const listingOf = (
  { settings, status, registeredAt, changedAt }: RegisteredSource,
  activity: Activity | null | undefined = null,
): SourceListing => ({
  ...settings,
  status,
  registeredAt: formatInstant(registeredAt),
  changedAt: formatInstant(changedAt),
  ...latelyOf(activity),
});

function latelyOf(activity: Activity | null | undefined): Pick<SourceListing, 'lastSeenAt' | 'lastHour' | 'lastDay'> {
  if (activity === null) return { lastSeenAt: null, lastHour: null, lastDay: null };
  if (activity === undefined) return { lastSeenAt: null, lastHour: NOTHING, lastDay: NOTHING };
  const { lastSeenAt, lastHour, lastDay } = activity;
  return { lastSeenAt: formatInstant(lastSeenAt), lastHour, lastDay };
}
