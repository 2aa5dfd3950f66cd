import type { RegisteredSource } from '#contracts';
import { Problem } from '#platform/nest';
import type { Sources } from '../../sources/sources.js';

/** Whether pages of an origin may send with the key of a source. */
const permits = ({ settings: { origins = [] } }: RegisteredSource, origin: string): boolean =>
  origins.includes('*') || origins.includes(origin);

/**
 * What a browser is told that asks for an origin. It asks before it shows a key, so that a page is known by any source that names its origin; which source
 * a request may speak for is decided by its key.
 */
export function corsHeaders(
  sources: Pick<Sources, 'all'>,
  origin: string | undefined,
): Readonly<Record<string, string>> {
  if (origin === undefined) return {};
  const isKnown = [...sources.all.values()].some((source) => source.status !== 'retired' && permits(source, origin));
  return isKnown ? { 'access-control-allow-origin': origin, vary: 'origin' } : { vary: 'origin' };
}

/** What an answer to a preflight says besides. */
export const PREFLIGHT: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, content-encoding, x-retry-count',
  'access-control-max-age': '600',
};

/**
 * A page of another origin does not send for a source: the key of a page is public, and its origin is what the source says of it.
 * @throws Problem 403
 */
export function assertOrigin(source: RegisteredSource | null, origin: string | undefined): void {
  if (origin === undefined || (source !== null && permits(source, origin))) return;
  throw new Problem(403, {
    type: 'origin-not-permitted',
    detail: `The source does not take calls from pages of the origin ${origin.slice(0, 300)}`,
    extension: { hint: 'add the origin to the source: perennial sources change NAME --origins https://shop.example' },
  });
}
