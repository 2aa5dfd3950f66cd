import { compareNamespaces, isPlaceholder, normaliseIdentifier, type Role } from '#contracts';
import type { KeyState, Sealer, SubjectKey } from '#keys';
import { Rejection } from './rejection.js';

interface Sealed {
  readonly text: string;
  readonly seal: string;
}

/** An identifier with its normalised value and its subject; and what was found out about it since, so that it is not asked twice. */
export class Identity {
  private state: KeyState | null = null;
  private asked = -1;
  private written: string | null = null;
  private sealed: Sealed | null = null;
  private sealedBefore: Sealed | null = null;

  constructor(
    readonly namespace: string,
    readonly value: string,
    readonly subjectId: string,
    /** It stands for nobody in particular: it makes no subject, and links nothing. */
    readonly placeholder: boolean,
  ) {}

  /** Its subject's key as it was at an epoch; null where it was not asked since that began. */
  keyAt(epoch: number): KeyState | null {
    return this.asked === epoch ? this.state : null;
  }

  know(state: KeyState, epoch: number): void {
    this.state = state;
    this.asked = epoch;
    this.written = null;
    this.sealed = null;
    this.sealedBefore = null;
  }

  /**
   * It as metadata tell it in the role `self`, sealed under its key. It is always the same, so it is written once. The
   * namespace is a plain name by contract, and what is sealed is base64url: neither needs escaping.
   */
  asSelf(key: SubjectKey, sealer: Sealer): string {
    return (this.written ??= this.as('self', key, sealer));
  }

  /**
   * Seals under its key a text that stands beside many of its touchpoints, as the key of a channel's messages does. The two that came last are
   * remembered: channels that do not call them by the same identifier take turns.
   */
  sealRepeated(text: string, key: SubjectKey, sealer: Sealer): string {
    const last = this.sealed;
    if (last?.text === text) return last.seal;
    const before = this.sealedBefore;
    this.sealedBefore = last;
    this.sealed = before?.text === text ? before : { text, seal: sealer.seal(key, text) };
    return this.sealed.seal;
  }

  /** The same in any role. Put together at once: a text that is used again and again is to lie in one piece. */
  as(role: Role, key: SubjectKey, sealer: Sealer): string {
    const { namespace, value } = this;
    return [
      ...['{"namespace":"', namespace, '","role":"', role, '","subjectId":"', key.id, '","sealed":"'],
      ...[sealer.sealIdentifier(key, value), '"}'],
    ].join('');
  }
}

/** An identity in the role in which a touchpoint names it. */
export interface NamedIdentity {
  readonly identity: Identity;
  readonly role: Role;
}

/** Whom a touchpoint names. */
export interface Identified {
  /** The strongest of the `self` identities: its stream takes the touchpoint. */
  readonly self: Identity;
  /** All that name somebody, each once, in the order given. */
  readonly named: readonly NamedIdentity[];
  /** Those that name nobody, as they came; null where there are none. */
  readonly placeholders: readonly unknown[] | null;
}

/** An identifier as the envelope's contract let it through. */
interface IdentifierForm {
  readonly namespace: string;
  readonly value: string;
  readonly role?: Role;
}

/** Identifiers in one generation. */
const CACHED = 100_000;

type Generation = Map<string, Map<string, Identity>>;

/** Finds out whom identifiers name. What an identifier comes to is remembered: normalising and hashing cost more than looking up. */
export class Identities {
  /** Two generations, by namespace and value: when the young one is full it becomes the old one. */
  private young: Generation = new Map();
  private old: Generation = new Map();
  private youngSize = 0;
  private erasures = 0;

  constructor(private readonly sealer: Sealer) {
    sealer.keys.onDestroyed(() => {
      this.erasures += 1;
      this.young = new Map();
      this.old = new Map();
      this.youngSize = 0;
    });
  }

  /** Counts the erasures: what was known of a key holds as long as it is the same. */
  get epoch(): number {
    return this.erasures;
  }

  of(namespace: string, value: string): Identity {
    const known = this.young.get(namespace)?.get(value);
    if (known !== undefined) return known;
    const identity = this.old.get(namespace)?.get(value) ?? this.make(namespace, value);
    if (this.youngSize >= CACHED) {
      this.old = this.young;
      this.young = new Map();
      this.youngSize = 0;
    }
    const values = this.young.get(namespace);
    if (values === undefined) this.young.set(namespace, new Map([[value, identity]]));
    else values.set(value, identity);
    this.youngSize += 1;
    return identity;
  }

  private make(namespace: string, value: string): Identity {
    const normalised = normaliseIdentifier(namespace, value);
    const subjectId = this.sealer.subjectIdOf(namespace, normalised);
    return new Identity(namespace, normalised, subjectId, isPlaceholder(namespace, value));
  }

  /**
   * Asks the key of everybody named, in one round, and makes those that are missing, durable when this resolves. Whoever
   * was erased while it was asked is asked again: a key that was destroyed is not used any more.
   */
  async askKeys(touchpoints: readonly { readonly identified: Identified }[]): Promise<void> {
    for (;;) {
      const { epoch } = this;
      const missing = new Map<string, Identity[]>();
      for (let at = 0; at < touchpoints.length; at += 1) {
        const { named } = (touchpoints[at] as (typeof touchpoints)[number]).identified;
        for (let n = 0; n < named.length; n += 1) {
          const { identity } = named[n] as NamedIdentity;
          if (identity.keyAt(epoch) !== null) continue;
          const same = missing.get(identity.subjectId);
          if (same === undefined) missing.set(identity.subjectId, [identity]);
          else same.push(identity);
        }
      }
      if (missing.size === 0) return;
      const states = await this.sealer.keys.keysFor([...missing.keys()], { create: true });
      if (this.epoch !== epoch) continue;
      for (const [subjectId, identities] of missing) {
        const state = states.get(subjectId);
        if (state === undefined) throw new Error('The key store made no key for a subject, and did not say why.');
        for (const identity of identities) identity.know(state, epoch);
      }
    }
  }

  /** The step: whom the identifiers of a touchpoint name, or why it names nobody. */
  identify(identifiers: readonly IdentifierForm[]): Identified | Rejection {
    const named: NamedIdentity[] = [];
    let placeholders: unknown[] | null = null;
    let self: Identity | null = null;
    for (let at = 0; at < identifiers.length; at += 1) {
      const form = identifiers[at] as IdentifierForm;
      const identity = this.of(form.namespace, form.value);
      if (identity.placeholder) {
        (placeholders ??= []).push(form);
        continue;
      }
      const role = form.role ?? 'self';
      if (named.length === 0 || !isNamed(named, identity, role)) named.push({ identity, role });
      if (role === 'self' && (self === null || compareNamespaces(identity.namespace, self.namespace) < 0))
        self = identity;
    }
    if (self !== null) return { self, named, placeholders };
    return placeholders === null
      ? Rejection.of('no-identifier', '#/identifiers', 'names nobody in the role self', NAME_SOMEBODY)
      : Rejection.of(
          'placeholder-identifier',
          '#/identifiers',
          'every identifier stands for nobody in particular',
          NAME_SOMEBODY,
        );
  }
}

const isNamed = (named: readonly NamedIdentity[], identity: Identity, role: Role): boolean =>
  named.some((each) => each.identity === identity && each.role === role);

const NAME_SOMEBODY = 'give an identifier of the customer: userId, email, phone, anonymousId, …';
