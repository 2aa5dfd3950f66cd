import { parseInstant, type Instant } from '#contracts';
import type { EventRef, LifecycleEvent } from '../model.js';
import type { State } from './state.js';

/** What the customer allowed or forbade for a purpose, by one medium or (null) by every medium of which nothing else is said. */
export interface Consent {
  readonly purpose: string;
  readonly medium: string | null;
  /** False: withdrawn, or rejected. */
  readonly given: boolean;
  /** Since when it has been so without a break. */
  readonly since: Instant;
  /** The event that made it so. */
  readonly cause: EventRef;
  readonly expiresAt: Instant | null;
}

/**
 * What the customer rejected at the last instant at which the customer rejected anything. In the catalogue these come before a consent of the same
 * instant; what the customer rejected then stays rejected, so they are taken once more after it.
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

/** No history makes a state grow without end: who is asked for more purposes than this is not taken to have consented to them. */
const CONSENTS_MAX = 100;

/** The consent in force for a purpose by a medium; null where there is none. What is said of the medium goes before what is said of all. */
export function consentFor(
  consents: readonly Consent[],
  purpose: string,
  medium: string | null,
  at: Instant,
): Consent | null {
  const said = entry(consents, purpose, medium) ?? entry(consents, purpose, null);
  return said !== null && inForce(said, at) ? said : null;
}

/** The customer allowed it. What was allowed already goes on; two consents last as long as the longer one. What the customer rejected at this very instant goes before it. */
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
  };
  const others = state.consents.filter((one) => !isAt(one, purpose, medium));
  if (others.length >= CONSENTS_MAX) return;
  if (medium !== null) state.consents = sorted([...others, given]);
  else
    state.consents = sorted([
      given,
      ...others.flatMap((one) => {
        if (one.purpose !== purpose) return [one];
        if (inForce(one, occurredAt)) return [{ ...one, expiresAt: later(one.expiresAt, expiresAt) }];
        // What was not allowed by this medium begins again; told apart only where the others go on with what they had.
        return before === null ? [] : [{ ...one, given: true, since: occurredAt, cause: refOf(event), expiresAt }];
      }),
    ]);
}

/** The customer took it back: by one medium, or by all. */
export function withdrawConsent(state: State, event: LifecycleEvent): void {
  const purpose = textOf(event.data['purpose']);
  if (purpose !== null)
    withdraw(state, purpose, { medium: textOf(event.data['medium']), cause: refOf(event) }, event.occurredAt);
}

/** The customer wants no more of it, or called it spam: a withdrawal, for every purpose where none is named. */
export function reject(state: State, event: LifecycleEvent): void {
  const { data, occurredAt } = event;
  const rejection = { purpose: textOf(data['purpose']), medium: textOf(data['medium']), cause: refOf(event) };
  withdrawAll(state, rejection, occurredAt);
  const before = state.rejections?.at === occurredAt ? state.rejections.said : [];
  if (before.some(({ purpose, medium }) => purpose === rejection.purpose && medium === rejection.medium)) return;
  // Where there is no room to tell them apart, the customer rejected everything.
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
  // Where there is no room to tell one medium apart, none is allowed any more.
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
  return one.given && (one.expiresAt === null || one.expiresAt > at);
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
