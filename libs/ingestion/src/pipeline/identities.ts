import {
  compareNamespaces,
  isPlaceholder,
  likelyNamespace,
  normaliseIdentifier,
  type Role,
  type ValidationIssue,
} from '#contracts';
import type { KeyState, Sealer, SubjectKey } from '#keys';
import { Rejection } from './rejection.js';

interface Sealed {
  readonly text: string;
  readonly seal: string;
}

/** An identifier with its normalised value and its subject; and its key, cached so that the key store is not queried twice. */
export class Identity {
  private state: KeyState | null = null;
  private keyEpoch = -1;
  private selfText: string | null = null;
  private sealed: Sealed | null = null;
  private sealedBefore: Sealed | null = null;

  constructor(
    readonly namespace: string,
    readonly value: string,
    readonly subjectId: string,
    /** A placeholder stands for no particular person: it makes no subject, and links nothing. */
    readonly placeholder: boolean,
    /** The built-in namespace that its own one is likely a misspelling of. */
    readonly likelyNamespace: string | null,
  ) {}

  /** Its subject's key at an epoch; null where it was not loaded in that epoch. */
  keyAt(epoch: number): KeyState | null {
    return this.keyEpoch === epoch ? this.state : null;
  }

  remember(state: KeyState, epoch: number): void {
    this.state = state;
    this.keyEpoch = epoch;
    this.selfText = null;
    this.sealed = null;
    this.sealedBefore = null;
  }

  /**
   * Its JSON text in the metadata, in the role `self`, sealed under its key. It is always the same, so it is made once. The
   * namespace is a plain name by contract, and sealed text is base64url: neither needs escaping.
   */
  asSelf(key: SubjectKey, sealer: Sealer): string {
    return (this.selfText ??= this.as('self', key, sealer));
  }

  /**
   * Seals under its key a text that is repeated with many of its touchpoints, such as the key of a channel's messages. The last two
   * are cached: two channels that identify the customer differently may take turns.
   */
  sealRepeated(text: string, key: SubjectKey, sealer: Sealer): string {
    const last = this.sealed;
    if (last?.text === text) return last.seal;
    const before = this.sealedBefore;
    this.sealedBefore = last;
    this.sealed = before?.text === text ? before : { text, seal: sealer.seal(key, text) };
    return this.sealed.seal;
  }

  /** Its JSON text in any role. Joined at once, so that a text that is used often is flat in memory. */
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

/** The identities that a touchpoint names. */
export interface Identified {
  /** The strongest of the `self` identities: the touchpoint is appended to its stream. */
  readonly self: Identity;
  /** All that are not placeholders, each once, in the order given. */
  readonly named: readonly NamedIdentity[];
  /** Placeholders, as they were received; null where there are none. */
  readonly placeholders: readonly unknown[] | null;
  /** Whether a sender should be told something about them: of a placeholder, or of a namespace that is likely misspelt. */
  readonly isOdd: boolean;
}

/** An identifier that satisfies the contract of the envelope. */
interface IdentifierForm {
  readonly namespace: string;
  readonly value: string;
  readonly role?: Role;
}

/** Namespaces that are remembered: a business has a handful. */
const NAMESPACES_MAX = 1_000;
/** Identifiers in one generation. */
const CACHED = 100_000;

type Generation = Map<string, Map<string, Identity>>;

/** Resolves identifiers to subjects. The result is cached: normalising and hashing cost more than a lookup. */
export class Identities {
  /** Two generations, by namespace and value: when the young one is full it becomes the old one. */
  private young: Generation = new Map();
  private old: Generation = new Map();
  private youngSize = 0;
  private readonly namespaces = new Set<string>();
  private erasures = 0;

  constructor(private readonly sealer: Sealer) {
    sealer.keys.onDestroyed(() => {
      this.erasures += 1;
      this.young = new Map();
      this.old = new Map();
      this.youngSize = 0;
    });
  }

  /** Counts the erasures: a cached key is valid within one epoch. */
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
    if (values === undefined) {
      this.young.set(namespace, new Map([[value, identity]]));
      if (this.namespaces.size < NAMESPACES_MAX) this.namespaces.add(namespace);
    } else values.set(value, identity);
    this.youngSize += 1;
    return identity;
  }

  /** As `of`, without keeping the answer: for values that are tried, and mostly name no subject. */
  once(namespace: string, value: string): Identity {
    return this.young.get(namespace)?.get(value) ?? this.make(namespace, value, false);
  }

  /** Whether an identifier of this namespace has been resolved by this process. */
  knows(namespace: string): boolean {
    return this.namespaces.has(namespace);
  }

  private make(namespace: string, value: string, keep = true): Identity {
    const normalised = normaliseIdentifier(namespace, value);
    const subjectId = keep
      ? this.sealer.subjectIdOf(namespace, normalised)
      : this.sealer.subjectIdOnce(namespace, normalised);
    return new Identity(namespace, normalised, subjectId, isPlaceholder(namespace, value), likelyNamespace(namespace));
  }

  /**
   * Loads the keys of all subjects in one round trip, and creates the missing ones, durably before this resolves. After an erasure in
   * the meantime they are loaded again: a destroyed key is never used.
   */
  async loadKeys(touchpoints: readonly { readonly identified: Identified }[]): Promise<void> {
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
        if (state === undefined) throw new Error('The key store returned no key for a subject, and no reason.');
        for (const identity of identities) identity.remember(state, epoch);
      }
    }
  }

  /** The step: the identities that the identifiers of a touchpoint name, or why there is none in the role `self`. */
  identify(identifiers: readonly IdentifierForm[]): Identified | Rejection {
    const named: NamedIdentity[] = [];
    let placeholders: unknown[] | null = null;
    let self: Identity | null = null;
    let isOdd = false;
    for (let at = 0; at < identifiers.length; at += 1) {
      const form = identifiers[at] as IdentifierForm;
      const identity = this.of(form.namespace, form.value);
      if (identity.placeholder) {
        (placeholders ??= []).push(form);
        isOdd = true;
        continue;
      }
      if (identity.likelyNamespace !== null) isOdd = true;
      const role = form.role ?? 'self';
      if (named.length === 0 || !isNamed(named, identity, role)) named.push({ identity, role });
      if (role === 'self' && (self === null || compareNamespaces(identity.namespace, self.namespace) < 0))
        self = identity;
    }
    if (self !== null) return { self, named, placeholders, isOdd };
    return placeholders === null
      ? Rejection.of('no-identifier', '#/identifiers', 'must hold an identifier in the role self', ADD_IDENTIFIER)
      : this.onlyPlaceholders(identifiers);
  }

  private onlyPlaceholders(identifiers: readonly IdentifierForm[]): Rejection {
    const issues = identifiers.flatMap(({ namespace, value }, at) =>
      this.of(namespace, value).placeholder ? [placeholderIssue(at, namespace, value)] : [],
    );
    return Rejection.ofIssues('placeholder-identifier', issues);
  }
}

/** Why an identifier names no customer, and what to do about it. */
export function placeholderIssue(at: number, namespace: string, value: string): ValidationIssue {
  const isExample = namespace === 'email' && /@example\.[a-z]+$/i.test(value.trim());
  return {
    pointer: `#/identifiers/${at}/value`,
    detail: 'is a placeholder, which stands for no particular customer',
    hint: isExample
      ? 'to try it out, use a name before the @ that could be a person, such as jane.doe@example.com'
      : `${ADD_IDENTIFIER}; leave out what is unknown`,
  };
}

const isNamed = (named: readonly NamedIdentity[], identity: Identity, role: Role): boolean =>
  named.some((each) => each.identity === identity && each.role === role);

const ADD_IDENTIFIER = 'add an identifier of the customer: userId, email, phone, anonymousId, …';
