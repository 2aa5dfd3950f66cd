import type { Principal } from './principal.js';

/** As what clear text leaves: shown, written to a file, packed for a data subject or an auditor, or sent to another system. */
export type OpeningKind = 'view' | 'export' | 'pack' | 'feed';

/** What a caller states about why it opens personal data. */
export interface StatedPurpose {
  /** A purpose of the policy, by its name; null where none was stated. */
  readonly purpose: string | null;
  /** The case that it is for, such as C-123; null where none was stated. */
  readonly ticket: string | null;
  /** Why, in the caller's words; null where none was given. */
  readonly reason: string | null;
}

export const NOTHING_STATED: StatedPurpose = { purpose: null, ticket: null, reason: null };

/** Who asks for personal data, and what they state about it. Pages of one answer share the `requestId`. */
export interface OpeningRequest extends StatedPurpose {
  readonly principal: Principal;
  readonly kind: OpeningKind;
  readonly requestId: string;
}

/** Why personal data stay closed. */
export type ClosedReason =
  /** The principal lacks the permission `open`. */
  | 'no-permission'
  /** No purpose was stated, and the principal has no standing one. */
  | 'no-purpose'
  /** The policy in force has no such purpose. */
  | 'unknown-purpose'
  /** The purpose is not granted to the principal. */
  | 'purpose-not-granted'
  /** The processing of the data of all persons in the answer is restricted (GDPR art. 18). */
  | 'restricted';

/** Whether an answer shows personal data, as its `meta` says it. */
export type PersonalDataState =
  | {
      readonly state: 'open';
      readonly purpose: string;
      /** Subjects whose data stayed closed, since their processing is restricted; absent where there are none. */
      readonly restrictedSubjects?: number;
    }
  /** `hint` says what to send for an answer with personal data. */
  | { readonly state: 'closed'; readonly why: ClosedReason; readonly hint: string };

/** Personal data that are about to leave the engine in one answer, or in one page of it. */
export interface Opening extends OpeningRequest {
  /** Not null: `decide` found it granted. */
  readonly purpose: string;
  /** What is run: the name of a query, `quarantined-event`, … At most 64 characters. */
  readonly query: string;
  /** Its parameters: a keyed hash of them is recorded. */
  readonly parameters: unknown;
  /** The columns, or fields, that hold clear text. */
  readonly columns: readonly string[];
  /** How many clear values the answer holds, by the id of the subject. */
  readonly subjects: ReadonlyMap<string, number>;
  /** The same of quarantined bodies, by the id of the quarantined event. */
  readonly bodies?: ReadonlyMap<string, number>;
}

/**
 * Decides who may open personal data, and records each opening in the event log. The lib `privacy` provides it as OPENINGS. It cannot be switched off:
 * clear text leaves the engine only after `recordOpening` has resolved.
 */
export interface Openings {
  /**
   * Whether the request opens personal data. `about`: the subjects and quarantined bodies that they concern, where these are known before: closed where one of
   * them is restricted.
   */
  decide(request: OpeningRequest, about?: readonly string[]): Promise<PersonalDataState>;
  /**
   * Which of these subjects (and quarantined bodies) stay closed for the purpose, since their processing is restricted: those of the whole person,
   * as links show them now.
   */
  restrictedAmong(ids: readonly string[], purpose: string): Promise<ReadonlySet<string>>;
  /**
   * Resolves when the opening is durable in the log: call it before the first byte of clear text is sent, and send none where it rejects.
   * Without subjects and bodies nothing is recorded.
   */
  recordOpening(opening: Opening): Promise<void>;
}

/** The state of an answer about persons whose data are restricted. */
export const CLOSED_BY_RESTRICTION: PersonalDataState = {
  state: 'closed',
  why: 'restricted',
  hint: 'The processing of the data of this person is restricted (GDPR art. 18): they open for the purposes legal and subject-request alone.',
};
