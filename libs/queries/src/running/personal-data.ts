import { normaliseIdentifier } from '#contracts';
import type { Sealer } from '#keys';

/** Something sealed, and whose key opens it. */
export interface Sealed {
  readonly subjectId: string;
  /** Null where nothing is left to be opened. */
  readonly sealed: string | null;
  /** Whose personal data the text holds, where that is another than the subject whose key opens it. */
  readonly about?: { readonly subjectIds?: readonly string[]; readonly quarantineIds?: readonly string[] };
}

type Closed = Sealed & { readonly sealed: string };

/** What a query needs of sealing: finding a subject by its identifier, and opening sealed values. */
export interface PersonalData {
  /** The subject of an identifier as a channel writes it. */
  subjectIdOf(namespace: string, value: string): string;
  /** Whether the person of a subject was erased. */
  isErased(subjectId: string): Promise<boolean>;
  /** The clear texts in order; null where the person was erased, or where the text is damaged. */
  open(items: readonly Sealed[]): Promise<readonly (string | null)[]>;
  /** As `open`, to be searched inside the engine: nothing of it may be shown. */
  openToSearch(items: readonly Sealed[]): Promise<(string | null)[]>;
}

/** Personal data by the engine's own sealer. */
export function personalData(sealer: Sealer): PersonalData {
  const open = async (items: readonly Sealed[]): Promise<(string | null)[]> => {
    const closed = items.filter((item): item is Closed => item.sealed !== null);
    const values = (await sealer.openUndamaged(closed)).values();
    return items.map(({ sealed }) => (sealed === null ? null : (values.next().value ?? null)));
  };
  return {
    subjectIdOf: (namespace, value) => sealer.subjectIdOf(namespace, normaliseIdentifier(namespace, value)),
    isErased: async (subjectId) => (await sealer.keys.keysFor([subjectId])).get(subjectId) === 'erased',
    open,
    openToSearch: open,
  };
}
