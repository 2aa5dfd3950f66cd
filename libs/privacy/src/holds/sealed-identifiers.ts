import type { ClearIdentifier, Identities } from '#ingestion';
import type { Sealer } from '#keys';

/** An identifier of a person, sealed under the key of its own subject. With it a move under another hash key finds the new id of the subject. */
export interface SealedName {
  readonly namespace: string;
  readonly subjectId: string;
  readonly sealed: string;
}

/** Seals the identifiers of a person; those of erased subjects are left out. */
export async function sealedIdentifiers(
  { identities, sealer }: { readonly identities: Pick<Identities, 'of'>; readonly sealer: Sealer },
  identifiers: readonly ClearIdentifier[],
): Promise<readonly SealedName[]> {
  const named = new Map(
    identifiers.map(({ namespace, value }) => {
      const identity = identities.of(namespace, value);
      return [identity.subjectId, identity] as const;
    }),
  );
  const keys = await sealer.keys.keysFor([...named.keys()], { create: true });
  return [...named.values()]
    .sort((a, b) => (a.subjectId < b.subjectId ? -1 : 1))
    .flatMap(({ namespace, value, subjectId }) => {
      const key = keys.get(subjectId);
      return key === undefined || key === 'erased'
        ? []
        : [{ namespace, subjectId, sealed: sealer.sealIdentifier(key, value) }];
    });
}
