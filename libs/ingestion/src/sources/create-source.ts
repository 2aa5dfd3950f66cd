import type { RegisteredSource } from '#contracts';
import type { KeyAdministration } from '#keys';
import { actorOf, type Principal } from '#platform';
import { needsKey, NEW_SOURCE_DOCUMENT } from './source-document.js';
import { RegisterSource, type ManageSources, type SourceVerdict } from './manage-sources.js';

/** A new source, with the key that it publishes with; null for kinds that need none. */
export interface CreatedSource {
  readonly outcome: 'created';
  readonly source: RegisteredSource;
  /** Shown once: it cannot be shown again. */
  readonly key: string | null;
}

/** Registers a source, and creates a key that publishes for it alone. A source that is registered already gets no second key. */
export async function createSource(
  manage: ManageSources,
  keys: () => KeyAdministration | Promise<KeyAdministration>,
  document: unknown,
  by: Principal,
): Promise<CreatedSource | SourceVerdict> {
  const reading = NEW_SOURCE_DOCUMENT.read(document);
  if (!reading.ok) return { outcome: 'invalid', errors: reading.errors };
  const { rate, ...described } = reading.value;
  const verdict = await manage.register(new RegisterSource(described, actorOf(by)));
  if (verdict.outcome !== 'done') return verdict;
  const { source, changed } = verdict;
  const { name, kind } = source.settings;
  if (!changed)
    return { outcome: 'conflict', detail: `The source ${name} is registered already: create a key for it instead.` };
  if (!needsKey(kind)) return { outcome: 'created', source, key: null };
  const request = {
    name: `source ${name}`.slice(0, 100),
    role: 'channel',
    scopes: { sources: [name] },
    expiresAt: null,
    ...(rate === undefined ? {} : { rate }),
  } as const;
  const { key } = await (await keys()).create(request, by);
  return { outcome: 'created', source, key };
}
