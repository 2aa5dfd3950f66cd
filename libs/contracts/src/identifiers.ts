import type { Role } from './touchpoint.js';
import { PLACEHOLDER_LABELS, PLACEHOLDERS } from './placeholders.js';
import { isSpoilt } from './spreadsheets.js';

/** The version of `normaliseIdentifier`. A subject's id rests on it: its rules never change under this number. */
export const NORMALISATION_VERSION = 1;

/** The namespaces that we know, the strongest first. The list is open: any other namespace ranks after these, by name. */
export const NAMESPACES = ['userId', 'loyaltyCard', 'email', 'phone', 'deviceId', 'anonymousId'] as const;

/** What people read about a namespace. */
export interface NamespaceDocumentation {
  readonly meaning: string;
  /** How its values are brought into one spelling. */
  readonly normalisation: string;
  /** A value as it may come, and as it is known then. */
  readonly example: readonly [given: string, known: string];
}

const AS_IT_IS = 'Unicode NFC, white space around it removed; capitals count';

/** The documentation of the namespaces that are known. The list is open. */
export const NAMESPACE_DOCUMENTATION: Readonly<Record<(typeof NAMESPACES)[number], NamespaceDocumentation>> = {
  userId: {
    meaning: 'the id of the account that the customer logs in with; one per customer',
    normalisation: AS_IT_IS,
    example: [' u-1001 ', 'u-1001'],
  },
  loyaltyCard: {
    meaning: 'the number of a loyalty card',
    normalisation: AS_IT_IS,
    example: [' 4711-0042', '4711-0042'],
  },
  email: {
    meaning: 'an e-mail address',
    normalisation: 'Unicode NFC, white space around it removed, lower case',
    example: [' Jane.Doe@Shop.example ', 'jane.doe@shop.example'],
  },
  phone: {
    meaning: 'a telephone number, best in its international form',
    normalisation:
      'digits only, with a leading + where it began with + or 00; the (0) of an international number is dropped',
    example: ['0049 (0)30 1234-568', '+49301234568'],
  },
  deviceId: {
    meaning: 'the id of a device or an installation of the app',
    normalisation: AS_IT_IS,
    example: ['9F3A-12', '9F3A-12'],
  },
  anonymousId: {
    meaning: 'the id of a visitor who is not logged in: a cookie',
    normalisation: AS_IT_IS,
    example: ['v-77c1', 'v-77c1'],
  },
};

const STRENGTH: ReadonlyMap<string, number> = new Map(NAMESPACES.map((namespace, index) => [namespace, index]));

/** Orders namespaces by strength, the strongest first; unknown ones come last, by code unit. */
export function compareNamespaces(a: string, b: string): number {
  const byStrength = (STRENGTH.get(a) ?? NAMESPACES.length) - (STRENGTH.get(b) ?? NAMESPACES.length);
  if (byStrength !== 0) return byStrength;
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The strongest of the `self` identifiers: its subject's stream takes the touchpoint. Placeholders do not count where
 * the value is at hand. Of two in one namespace the one listed first. Null when there is none.
 */
export function strongestSelf<T extends { readonly namespace: string; readonly role: Role; readonly value?: string }>(
  identifiers: readonly T[],
): T | null {
  let best: T | null = null;
  for (const identifier of identifiers) {
    if (identifier.role !== 'self') continue;
    if (identifier.value !== undefined && isPlaceholder(identifier.namespace, identifier.value)) continue;
    if (best === null || compareNamespaces(identifier.namespace, best.namespace) < 0) best = identifier;
  }
  return best;
}

/**
 * The one spelling under which an identifier's value is known (version 1):
 * - every value: Unicode NFC, no white space around it;
 * - `email`: lower case as well;
 * - `phone`: digits only, with a leading `+` where the number is international (`+` or `00`); the national `(0)` of an
 *   international number is dropped;
 * - every other namespace keeps its case: two systems may tell `aB1` from `ab1`.
 *
 * The result is empty where nothing is left; an empty value is a placeholder.
 */
export function normaliseIdentifier(namespace: string, value: string): string {
  const trimmed = value.normalize('NFC').trim();
  if (namespace === 'email') return trimmed.toLowerCase().normalize('NFC');
  if (namespace === 'phone') return normalisePhone(trimmed);
  return trimmed;
}

function normalisePhone(value: string): string {
  const text = value.normalize('NFKC').trim();
  const international = text.startsWith('+') || text.startsWith('00');
  const digits = (international ? text.replace('(0)', '') : text).replace(/[^0-9]/g, '');
  if (!international) return digits;
  const subscriber = text.startsWith('+') ? digits : digits.slice(2);
  return subscriber === '' ? '' : `+${subscriber}`;
}

/** Phone numbers that people type to get past a form. */
const KEYPAD = /^(?:0?1234567(?:8(?:9(?:0)?)?)?|0?123456789\d?|9876543210?)$/;

/** A mail-merge or template field that was not filled in: `{{user.id}}`, `${id}`, `%%email%%`, `*|EMAIL|*`, `%s`. */
const TEMPLATE = /^(?:\{\{.*\}\}|\$\{.*\}|\{[^{}]*\}|%%.*%%|%[sd]|\*\|.*\|\*|<%.*%>|<[^<>]*>)$/s;

/**
 * Whether a value identifies no particular person, so that linking by it would join strangers. The value may be
 * normalised or not.
 */
export function isPlaceholder(namespace: string, value: string): boolean {
  // As it was received: of a phone number, normalising leaves only the digits.
  if (isSpoilt(value)) return true;
  const text = normaliseIdentifier(namespace, value).toLowerCase();
  // Nothing but zeros, dashes and the like: `0`, `0000`, `---`, `?`, the nil UUID.
  if (/^[\s0._\-–—+?*#/\\|:;,!'"()[\]{}<>=~]*$/.test(text)) return true;
  if (PLACEHOLDERS.has(text) || TEMPLATE.test(text)) return true;
  // The letter x over and over.
  if (/^x{2,}$/.test(text)) return true;
  if (namespace === 'email') return isPlaceholderAddress(text);
  if (namespace === 'phone') return isPlaceholderNumber(text);
  return false;
}

function isPlaceholderAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  // Without a local part or without a domain it is no address at all.
  if (at <= 0 || at === text.length - 1) return true;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  const label = domain.split('.')[0] ?? '';
  if (PLACEHOLDER_LABELS.has(local) && (PLACEHOLDER_LABELS.has(label) || label === 'example')) return true;
  return domain.endsWith('.invalid') || domain === 'invalid';
}

function isPlaceholderNumber(text: string): boolean {
  const digits = text.replace('+', '');
  // Fewer digits than any number that reaches a person; or one digit over and over; or the keypad in its order.
  return digits.length < 5 || /^(\d)\1+$/.test(digits) || KEYPAD.test(digits);
}
