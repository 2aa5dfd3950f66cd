import { PROBLEM_JSON } from '#platform/nest';

/** Statuses that the libraries know; of any other of the client's faults they know 400, which they do not send again. */
const KNOWN = new Set([400, 401, 403, 404, 408, 429]);

/** Names of problems without a type of their own. */
const CODES: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  408: 'timeout',
  429: 'overloaded',
  500: 'internal-error',
  503: 'unavailable',
  507: 'disk-full',
};

/** An error as analytics libraries and their users expect it. */
export interface TrackingError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** The status and body of an error, made of the problem document that every other route answers with; null for any other body. */
export function trackingError(
  status: number,
  contentType: unknown,
  body: unknown,
): { readonly status: number; readonly body: string } | null {
  if (typeof contentType !== 'string' || !contentType.startsWith(PROBLEM_JSON) || !Buffer.isBuffer(body)) return null;
  const { type, detail, hint } = JSON.parse(body.toString('utf8')) as Readonly<Record<string, string>>;
  const code = type?.startsWith('urn:') === true ? type.split(':').at(-1) : CODES[status];
  const error: TrackingError = {
    code: code ?? 'bad-request',
    message: detail ?? 'Error',
    ...(hint === undefined ? {} : { hint }),
  };
  return { status: status < 500 && !KNOWN.has(status) ? 400 : status, body: JSON.stringify(error) };
}
