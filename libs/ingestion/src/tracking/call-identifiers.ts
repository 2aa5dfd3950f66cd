import type { Role } from '#contracts';
import { Rejection } from '../pipeline/rejection.js';
import { isJsonObject, type Call } from './call.js';

/** An identifier as a touchpoint states it. */
export interface CallIdentifier {
  readonly namespace: string;
  readonly value: string;
  readonly role?: Role;
}

/**
 * The person that a call is about. `userId` and `anonymousId` of one call are one person from then on, and so are both ids of an `alias`. An address or a telephone
 * number counts where the library says that it is the person's: in traits, never among the properties of an event.
 */
export function identifiersOf({ kind, fields, traits, context }: Call): readonly CallIdentifier[] | Rejection {
  const found: CallIdentifier[] = [];
  for (const [field, namespace] of IDS) {
    if (field === 'previousId' && kind !== 'alias') continue;
    const id = idOf(fields[field]);
    if (id === null)
      return Rejection.of('envelope-invalid', `#/${field}`, 'must be text', 'send the id as text, or leave it out');
    if (id !== '' && !found.some((other) => other.namespace === namespace && other.value === id))
      found.push({ namespace, value: id });
  }
  // What a caller of a group says is said of the group.
  const own = kind === 'group' ? {} : traits;
  const beside = isJsonObject(context['traits']) ? context['traits'] : {};
  const email = addressOf(own['email']) ?? addressOf(beside['email']);
  const phone = phoneOf(own['phone']) ?? phoneOf(beside['phone']);
  if (email !== null) found.push({ namespace: 'email', value: email });
  if (phone !== null) found.push({ namespace: 'phone', value: phone });
  const device = isJsonObject(context['device']) ? idOf(context['device']['id']) : '';
  // A device alone names the customer of a call that has no other id; beside others it would join all who share it.
  if (found.length === 0 && device !== null && device !== '') found.push({ namespace: 'deviceId', value: device });
  return found.length > 0 ? found : NO_IDENTIFIER;
}

const IDS = [
  ['userId', 'userId'],
  ['anonymousId', 'anonymousId'],
  ['previousId', 'anonymousId'],
] as const;

const NO_IDENTIFIER = Rejection.of(
  'no-identifier',
  '#/userId',
  'must be given, or anonymousId',
  'send the id of the user, or the anonymous id of the visitor',
);

/** Empty where there is none; null where it is neither text nor a whole number. */
function idOf(value: unknown): string | null {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null;
}

const addressOf = (value: unknown): string | null =>
  typeof value === 'string' && value.length <= 512 && /^[^\s@]+@[^\s@]+$/.test(value.trim()) ? value : null;

const phoneOf = (value: unknown): string | null =>
  typeof value === 'string' && value.length <= 512 && /\d/.test(value) ? value : null;
