import { pointerTo, type ValidationIssue } from '#contracts';
import { MappingRejected } from '#imports';
import type { Scope } from '#platform';

/**
 * Reads the document of `KAFKA_SOURCES`: `{"touchpoints.shop": "shop", "touchpoints.partners": ["partners/*"]}`, the sources that each topic speaks
 * for. A topic that is not in it speaks for all.
 * Throws `MappingRejected` with every issue at once.
 */
export function topicSources(document: unknown): ReadonlyMap<string, Scope> {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new MappingRejected([
      {
        pointer: '#',
        detail: 'must be a JSON object',
        hint: 'write {"topic": "source"} or {"topic": ["source", "shop/*"]}',
      },
    ]);
  const sources = new Map<string, Scope>();
  const errors: ValidationIssue[] = [];
  for (const [topic, given] of Object.entries(document as Readonly<Record<string, unknown>>)) {
    const listed: unknown = typeof given === 'string' ? [given] : given;
    if (Array.isArray(listed) && listed.length > 0 && listed.every(isName)) sources.set(topic, listed);
    else
      errors.push({
        pointer: pointerTo(topic),
        detail: 'must be the name of a source, or a list of names of 1 to 512 characters',
        hint: 'write "shop", or ["shop", "shop/*"]',
      });
  }
  if (errors.length > 0) throw new MappingRejected(errors);
  return sources;
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 512;
