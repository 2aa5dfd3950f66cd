import { parseInstant, type Instant } from '#contracts';
import { Problem } from '#platform/nest';
import { FEEDS } from '../registry.js';
import type { EgressPolicy } from './egress-policy.js';
import type { ValidationIssue } from '#contracts';

const URL_LENGTH_MAX = 2_048;
const MESSAGES_MAX = 1_000;

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (body: unknown): Fields => (typeof body === 'object' && body !== null ? (body as Fields) : {});

const reject = (errors: readonly ValidationIssue[]): Problem =>
  new Problem(422, { detail: 'The webhook cannot be made from this.', errors });

/** What an endpoint is registered with, checked. */
export function parseEndpoint(
  body: unknown,
  egressPolicy: EgressPolicy,
): { readonly url: string; readonly feeds: readonly string[] } {
  const names = FEEDS.map(({ name }) => name);
  const { url, feeds = names } = fieldsOf(body);
  const errors: ValidationIssue[] = [];
  const parsed = typeof url === 'string' && url.length <= URL_LENGTH_MAX && URL.canParse(url) ? new URL(url) : null;
  const rejection =
    parsed === null ? `is no URL of at most ${URL_LENGTH_MAX} characters` : egressPolicy.rejection(parsed);
  if (rejection !== null)
    errors.push({
      pointer: '#/url',
      detail: rejection,
      hint: 'give an https URL, or have WEBHOOK_HOSTS allow its host',
    });
  const chosen = Array.isArray(feeds) ? names.filter((name) => feeds.includes(name)) : [];
  if (!Array.isArray(feeds) || feeds.length === 0 || feeds.some((feed) => !names.some((name) => name === feed)))
    errors.push({
      pointer: '#/feeds',
      detail: 'is not a list of feeds',
      hint: `give one or more of: ${names.join(', ')}`,
    });
  if (errors.length > 0 || parsed === null) throw reject(errors);
  parsed.hash = '';
  return { url: parsed.href, feeds: chosen };
}

export function parseStatus(body: unknown): 'active' | 'paused' {
  const { status } = fieldsOf(body);
  if (status === 'active' || status === 'paused') return status;
  throw new Problem(422, {
    detail: 'The webhook cannot be changed to this.',
    errors: [{ pointer: '#/status', detail: 'is not a status to give', hint: 'give active or paused' }],
  });
}

/** From where to tell again: a position, an instant, or (null) what was missed. */
export function parseReplay(body: unknown): { readonly position: number } | { readonly instant: Instant } | null {
  const { fromPosition, from } = fieldsOf(body);
  if (fromPosition === undefined && from === undefined) return null;
  const instant = typeof from === 'string' ? parseInstant(from) : null;
  if (from === undefined && typeof fromPosition === 'number' && Number.isSafeInteger(fromPosition) && fromPosition >= 0)
    return { position: fromPosition };
  if (fromPosition === undefined && instant !== null) return { instant };
  throw new Problem(422, {
    detail: 'It cannot be told from where to tell it again.',
    errors: [
      {
        pointer: from === undefined ? '#/fromPosition' : '#/from',
        detail: 'is neither a position of the log nor an instant, or both are given',
        hint: 'give fromPosition (a whole number from 0), or from (RFC 3339), or neither for what was missed',
      },
    ],
  });
}

/** The messages named; null for all. */
export function parseMessages(body: unknown): readonly string[] | null {
  const { messages } = fieldsOf(body);
  if (messages === undefined) return null;
  const plain = (id: unknown): id is string => typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id);
  if (Array.isArray(messages) && messages.length <= MESSAGES_MAX && messages.every(plain)) return messages;
  throw new Problem(422, {
    detail: 'It cannot be told which dead letters to send again.',
    errors: [
      {
        pointer: '#/messages',
        detail: `is not a list of at most ${MESSAGES_MAX} ids`,
        hint: 'leave it out for all of them',
      },
    ],
  });
}

/** A whole number of the query string. */
export function parseNumber(name: string, text: unknown, byDefault: number, most: number): number {
  if (text === undefined) return byDefault;
  const number = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (number <= most) return number;
  throw new Problem(400, {
    detail: 'A parameter cannot be read.',
    errors: [{ pointer: `#/${name}`, detail: 'is no whole number', hint: `give one from 0 to ${most}` }],
  });
}
