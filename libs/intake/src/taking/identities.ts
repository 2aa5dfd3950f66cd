import { compareNamespaces, isPlaceholder, normaliseIdentifier, type Role } from '#contracts';
import { Recent, type Sealer } from '#platform';
import { Refusal } from './refusal.js';

/** An identifier with its normalised value and its subject. */
export interface Identity {
  readonly namespace: string;
  readonly value: string;
  readonly subjectId: string;
  /** It stands for nobody in particular: it makes no subject, and links nothing. */
  readonly placeholder: boolean;
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

const CACHED = 100_000;

/** Finds out whom identifiers name. What an identifier comes to is remembered: normalising and hashing cost more than looking up. */
export class Identities {
  private readonly known = new Recent<string, Identity>(CACHED);

  constructor(private readonly sealer: Sealer) {
    sealer.keys.onDestroyed(() => this.known.clear());
  }

  of(namespace: string, value: string): Identity {
    const name = `${namespace}\0${value}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const normalised = normaliseIdentifier(namespace, value);
    const identity: Identity = {
      namespace,
      value: normalised,
      subjectId: this.sealer.subjectIdOf(namespace, normalised),
      placeholder: isPlaceholder(namespace, value),
    };
    this.known.set(name, identity);
    return identity;
  }

  /** The step: whom the identifiers of a touchpoint name, or why it names nobody. */
  identify(identifiers: readonly IdentifierForm[]): Identified | Refusal {
    const named: NamedIdentity[] = [];
    let placeholders: unknown[] | null = null;
    let self: Identity | null = null;
    for (const form of identifiers) {
      const identity = this.of(form.namespace, form.value);
      if (identity.placeholder) {
        (placeholders ??= []).push(form);
        continue;
      }
      const role = form.role ?? 'self';
      if (!named.some((each) => each.identity === identity && each.role === role)) named.push({ identity, role });
      if (role === 'self' && (self === null || compareNamespaces(identity.namespace, self.namespace) < 0))
        self = identity;
    }
    if (self !== null) return { self, named, placeholders };
    return placeholders === null
      ? Refusal.of('no-identifier', '/identifiers', 'names nobody in the role self', NAME_SOMEBODY)
      : Refusal.of(
          'placeholder-identifier',
          '/identifiers',
          'every identifier stands for nobody in particular',
          NAME_SOMEBODY,
        );
  }
}

const NAME_SOMEBODY = 'give an identifier of the customer: userId, email, phone, anonymousId, …';
