import { createHmac, randomBytes } from 'node:crypto';
import type { Instant } from '#contracts';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;

/** A secret as Standard Webhooks writes it. */
export const newSecret = (): string => PREFIX + randomBytes(SECRET_BYTES).toString('base64');

/**
 * The three headers of Standard Webhooks: name, time of this try, and a signature under each secret over `id.timestamp.body`. While a
 * secret is being changed there are two, and whoever knows either is content.
 */
export function signed(
  { id, body }: { readonly id: string; readonly body: string },
  secrets: readonly string[],
  now: Instant,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
