import { parseInstant, type Instant } from '#contracts/basics';
import type { EventRef, LifecycleEvent } from '../model.js';
import type { State } from './state.js';

/** What the customer allowed or forbade for a purpose, by one medium or (null) by every medium without an entry of its own. */
export interface Consent {
  readonly purpose: string;
  readonly medium: string | null;
  /** False: withdrawn, or rejected. */
  readonly given: boolean;
  /** Since when, without a break. */
  readonly since: Instant;
  /** The event that gave or withdrew it. */
  readonly cause: EventRef;
  readonly expiresAt: Instant | null;
  /** When the customer confirmed it (double opt-in); absent where they have not. */
  readonly confirmedAt?: Instant;
  /** Given, not confirmed, and the policy asks that it is: it counts as none. Only a view of the customer says so, never the state. */
  readonly awaitsConfirmation?: true;
  /** The text that the customer was shown last, and which version of it. */
  readonly wording?: string;
  readonly wordingVersion?: string;
  /** The last event that gave or confirmed it, where that is another than `cause`. */
  readonly proof?: EventRef;
}

/**
 * What the customer rejected at the last instant of any rejection. The catalogue ranks rejections before a consent of the
 * same instant; a rejection prevails then, so the fold applies it once more after that consent.
 */
export interface Rejections {
  readonly at: Instant;
  /** Null: every purpose, every medium. */
  readonly said: readonly Rejection[];
}

interface Rejection {
  readonly purpose: string | null;
  readonly medium: string | null;
  readonly cause: EventRef;
}

/** The state stays bounded: consents beyond this number are not recorded, so the answer for them is no. */
const CONSENTS_MAX = 100;

/** The consent in force for a purpose by a medium; null where there is none. An entry of the medium prevails over one of all media. */
export function consentFor(
  consents: readonly Consent[],
  purpose: string,
  medium: string | null,
  at: Instant,
): Consent | null {
  const said = entry(consents, purpose, medium) ?? entry(consents, purpose, null);
  return said !== null && inForce(said, at) ? said : null;
}

/** Records a consent. One that is in force continues; two consents last as long as the longer one. A rejection of the same instant prevails. */
export function giveConsent(state: State, event: LifecycleEvent): void {
  allow(state, event);
  const { rejections } = state;
  if (rejections?.at === event.occurredAt)
    for (const rejection of rejections.said) withdrawAll(state, rejection, rejections.at);
}

function allow(state: State, event: LifecycleEvent): void {
  const { data, occurredAt } = event;
  const [purpose, medium] = [textOf(data['purpose']), textOf(data['medium'])];
  if (purpose === null) return;
  const expiry = textOf(data['expiresAt']);
  const expiresAt = expiry === null ? null : parseInstant(expiry);
  const before = consentFor(state.consents, purpose, medium, occurredAt);
  const given: Consent = {
    ...{ purpose, medium, given: true },
    since: before?.since ?? occurredAt,
    cause: before?.cause ?? refOf(event),
    expiresAt: before === null ? expiresAt : later(before.expiresAt, expiresAt),
    ...shownAndConfirmed(before, event),
  };
  const others = state.consents.filter((one) => !isAt(one, purpose, medium));
  if (others.length >= CONSENTS_MAX) return;
  if (medium !== null) state.consents = sorted([...others, given]);
  else
    state.consents = sorted([
      given,
      ...others.flatMap((one) => {
        if (one.purpose !== purpose) return [one];
        if (inForce(one, occurredAt))
          return [{ ...one, expiresAt: later(one.expiresAt, expiresAt), ...shownAndConfirmed(one, event) }];
        // A medium that was not allowed begins here; it keeps an entry of its own only where the others continue an earlier consent.
        if (before === null) return [];
        const begun = { purpose: one.purpose, medium: one.medium, given: true, since: occurredAt };
        return [{ ...begun, cause: refOf(event), expiresAt, ...shownAndConfirmed(null, event) }];
      }),
    ]);
}

/** What a consent says of texts and confirmations: the newest text shown, and the first confirmation since it is in force. */
function shownAndConfirmed(before: Consent | null, event: LifecycleEvent): Partial<Consent> {
  const { data, occurredAt } = event;
  const wording = textOf(data['wording']);
  const shown =
    wording === null
      ? { wording: before?.wording ?? null, wordingVersion: before?.wordingVersion ?? null }
      : { wording, wordingVersion: textOf(data['wordingVersion']) };
  const confirmedAt = before?.confirmedAt ?? (data['confirmed'] === true ? occurredAt : null);
  return {
    ...(shown.wording === null ? {} : { wording: shown.wording }),
    ...(shown.wordingVersion === null ? {} : { wordingVersion: shown.wordingVersion }),
    ...(confirmedAt === null ? {} : { confirmedAt }),
    ...(before === null ? {} : { proof: refOf(event) }),
  };
}

/** The consents as a policy sees them: those that wait for a confirmation are marked. */
export function underPolicy(consents: readonly Consent[], doubleOptIn: readonly string[]): readonly Consent[] {
  if (doubleOptIn.length === 0) return consents;
  return consents.map((one) =>
    one.given && one.confirmedAt === undefined && doubleOptIn.includes(one.purpose)
      ? { ...one, awaitsConfirmation: true }
      : one,
  );
}

/** Since when a consent allows a contact under a policy: since its confirmation where the policy asks for one. */
export const allowsSince = (one: Consent, doubleOptIn: readonly string[]): Instant =>
  one.confirmedAt !== undefined && doubleOptIn.includes(one.purpose) ? one.confirmedAt : one.since;

/** Records a withdrawal: by one medium, or by all. */
export function withdrawConsent(state: State, event: LifecycleEvent): void {
  const purpose = textOf(event.data['purpose']);
  if (purpose !== null)
    withdraw(state, purpose, { medium: textOf(event.data['medium']), cause: refOf(event) }, event.occurredAt);
}

/** Records an unsubscription or a spam report: a withdrawal, for every purpose where none is named. */
export function reject(state: State, event: LifecycleEvent): void {
  const { data, occurredAt } = event;
  const rejection = { purpose: textOf(data['purpose']), medium: textOf(data['medium']), cause: refOf(event) };
  withdrawAll(state, rejection, occurredAt);
  const before = state.rejections?.at === occurredAt ? state.rejections.said : [];
  if (before.some(({ purpose, medium }) => purpose === rejection.purpose && medium === rejection.medium)) return;
  // Where there is no room for one more entry, everything counts as rejected.
  const said = before.length < CONSENTS_MAX ? [...before, rejection] : [{ ...rejection, purpose: null, medium: null }];
  state.rejections = { at: occurredAt, said };
}

function withdrawAll(state: State, rejection: Rejection, at: Instant): void {
  const { purpose } = rejection;
  const purposes = purpose === null ? new Set(state.consents.map((one) => one.purpose)) : [purpose];
  for (const each of purposes) withdraw(state, each, rejection, at);
}

function withdraw(state: State, purpose: string, rejection: Pick<Rejection, 'medium' | 'cause'>, at: Instant): void {
  const { medium, cause } = rejection;
  const others = state.consents.filter((one) => !isAt(one, purpose, medium));
  const said = entry(state.consents, purpose, medium);
  // Where there is no room for an entry of one medium, no medium is allowed any more.
  if (medium !== null && said === null && others.length >= CONSENTS_MAX)
    return withdraw(state, purpose, { medium: null, cause }, at);
  const since = said !== null && !said.given ? { since: said.since, cause: said.cause } : { since: at, cause };
  const withdrawn: Consent = { purpose, medium, given: false, ...since, expiresAt: null };
  const kept = medium === null ? others.filter((one) => one.purpose !== purpose) : others;
  if (kept.length < CONSENTS_MAX) state.consents = sorted([...kept, withdrawn]);
}

function entry(consents: readonly Consent[], purpose: string, medium: string | null): Consent | null {
  return consents.find((one) => isAt(one, purpose, medium)) ?? null;
}

function isAt(one: Consent, purpose: string, medium: string | null): boolean {
  return one.purpose === purpose && one.medium === medium;
}

function inForce(one: Consent, at: Instant): boolean {
  return one.given && one.awaitsConfirmation !== true && (one.expiresAt === null || one.expiresAt > at);
}

function later(a: Instant | null, b: Instant | null): Instant | null {
  return a === null || b === null ? null : Math.max(a, b);
}

function sorted(consents: Consent[]): readonly Consent[] {
  return consents.sort((a, b) => {
    if (a.purpose !== b.purpose) return a.purpose < b.purpose ? -1 : 1;
    return (a.medium ?? '') < (b.medium ?? '') ? -1 : 1;
  });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function refOf({ source, id }: LifecycleEvent): EventRef {
  return { source, id };
}
