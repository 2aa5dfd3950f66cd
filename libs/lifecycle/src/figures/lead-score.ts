import { DAY, TOUCHPOINT_TYPES, type Instant, type TouchpointGroup } from '#contracts';
import { fitHazard, hazardOf, ModelInputError, type HazardFit, type HazardOptions } from '#models';
import type { LifecycleEvent, Phase, StagePeriod } from '../model.js';

/**
 * The lead score: the probability that a customer in acquisition who is not cold makes a first purchase within 30 days. A discrete-time hazard over the weeks since the customer was first
 * seen: one row for each week in acquisition, with what was known at its beginning, and whether the first purchase came within it.
 */

/** A customer as the score reads them. */
export interface Lead {
  /** In their order; test traffic does not count. */
  readonly events: readonly LifecycleEvent[];
  readonly stagePeriods: readonly StagePeriod[];
  /** Whether an event shows an intent, under the policy in force. */
  readonly isIntent: (event: LifecycleEvent) => boolean;
}

/** The features of a week, by name. */
export type LeadFeatures = Readonly<Record<string, number>>;

/** A model of leads. It is plain data: a fit stores it in an event. */
export interface LeadModel extends Pick<HazardFit, 'intercept' | 'coefficients'> {
  /** The first channels that have a feature of their own. */
  readonly channels: readonly string[];
}

const GROUPS = [
  'awareness',
  'knowledge',
  'consideration',
  'evaluation',
  'dialogue',
  'advocacy',
] as const satisfies readonly TouchpointGroup[];
const PHASES = ['knowledge', 'consideration', 'evaluation'] as const satisfies readonly Phase[];
const WEEK = 7 * DAY;
const HORIZON_WEEKS = 30 / 7;
/** Below so many first purchases a score is not known. */
const CONVERSIONS_MIN = 200;
/** The most frequent first channels have a feature; the others share none. */
const CHANNELS_MAX = 8;
/** Nothing older than a year is learnt from one customer: the rest is silence. */
const WEEKS_MAX = 52;

const GROUP_OF = new Map(TOUCHPOINT_TYPES.map(({ name, group }) => [name, group]));

/** What is known of a lead at an instant; null where the customer is not in acquisition, or cold. */
export function leadFeatures(lead: Lead, at: Instant, channels: readonly string[]): LeadFeatures | null {
  const phase = phaseAt(lead.stagePeriods, at);
  if (phase === null) return null;
  const features: Record<string, number> = {};
  for (const group of GROUPS) {
    features[`${group}_7d`] = 0;
    features[`${group}_30d`] = 0;
  }
  let lastIntentAt: Instant | null = null;
  let first: LifecycleEvent | null = null;
  for (const event of lead.events) {
    if (event.test || event.occurredAt > at) continue;
    first ??= event;
    if (lead.isIntent(event)) lastIntentAt = event.occurredAt;
    const group = GROUP_OF.get(event.type);
    const age = at - event.occurredAt;
    if (group === undefined || !(GROUPS as readonly string[]).includes(group) || age >= 30 * DAY) continue;
    features[`${group}_30d`] = (features[`${group}_30d`] ?? 0) + 1;
    if (age < 7 * DAY) features[`${group}_7d`] = (features[`${group}_7d`] ?? 0) + 1;
  }
  if (first === null) return null;
  // Of counts and times the logarithm: the second visit says more than the twentieth.
  for (const [name, count] of Object.entries(features)) features[name] = Math.log1p(count);
  features['weeks_since_first_seen'] = Math.log1p(Math.floor((at - first.occurredAt) / WEEK));
  features['has_intent'] = lastIntentAt === null ? 0 : 1;
  features['days_since_intent'] = lastIntentAt === null ? 0 : Math.log1p((at - lastIntentAt) / DAY);
  for (const each of PHASES) features[`phase_${each}`] = phase === each ? 1 : 0;
  for (const channel of channels) features[`channel_${channel}`] = first.channel === channel ? 1 : 0;
  return features;
}

/**
 * Fits the model to what was known until a cut-off.
 * @returns null where fewer than 200 customers made a first purchase: the score is not known
 */
export function fitLeads(
  leads: Iterable<Lead>,
  cutOff: Instant,
  options?: HazardOptions,
): { readonly model: LeadModel; readonly fit: HazardFit } | null {
  const known = [...leads];
  const channels = firstChannels(known);
  const rows: LeadFeatures[] = [];
  const outcomes: number[] = [];
  for (const lead of known) {
    const [first] = lead.events;
    if (first === undefined) continue;
    const bought = firstPurchaseAt(lead.stagePeriods);
    for (let week = 0; week < WEEKS_MAX; week += 1) {
      const from = first.occurredAt + week * WEEK;
      // A week that is not over says nothing yet, unless the purchase came.
      if (from + WEEK > cutOff && !(bought !== null && bought <= cutOff && bought > from)) break;
      const features = leadFeatures(lead, from, channels);
      const buys = bought !== null && bought > from && bought <= from + WEEK;
      if (features !== null) {
        rows.push(features);
        outcomes.push(buys ? 1 : 0);
      }
      if (bought !== null && bought <= from + WEEK) break;
    }
  }
  if (outcomes.filter((each) => each === 1).length < CONVERSIONS_MIN) return null;
  const names = Object.keys(rows[0] as LeadFeatures);
  try {
    const fit = fitHazard(
      {
        names,
        features: Float64Array.from(rows.flatMap((row) => names.map((name) => row[name] as number))),
        outcomes: Uint8Array.from(outcomes),
      },
      options,
    );
    return { model: { intercept: fit.intercept, coefficients: fit.coefficients, channels }, fit };
  } catch (error) {
    // Every week ended in a purchase: there is nothing to tell customers apart by.
    if (error instanceof ModelInputError) return null;
    throw error;
  }
}

/** The score of a lead at an instant, if what they do stays as it is; null where the customer is not in acquisition, or cold. */
export function leadScore(model: LeadModel, lead: Lead, at: Instant): number | null {
  const features = leadFeatures(lead, at, model.channels);
  return features === null ? null : -Math.expm1(HORIZON_WEEKS * Math.log1p(-hazardOf(model, features)));
}

function phaseAt(periods: readonly StagePeriod[], at: Instant): Phase | null {
  const period = periods.findLast(({ enteredAt }) => enteredAt <= at);
  return period === undefined || period.stage !== 'acquisition' || period.phase === 'cold' ? null : period.phase;
}

/** When the customer left acquisition for the first time, which only a purchase brings about; null where they have not. */
const firstPurchaseAt = (periods: readonly StagePeriod[]): Instant | null =>
  periods.find(({ stage }) => stage !== 'acquisition')?.enteredAt ?? null;

/** The most frequent first channels, in their order. */
function firstChannels(leads: readonly Lead[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { events } of leads) {
    const channel = events.find(({ test }) => !test)?.channel;
    if (channel !== undefined) counts.set(channel, (counts.get(channel) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))
    .slice(0, CHANNELS_MAX)
    .map(([channel]) => channel);
}
