import { normaliseIdentifier } from '#contracts';
import type { Sealer } from '#keys';

/** Something sealed, and whose key opens it. */
export interface Sealed {
  readonly subjectId: string;
  /** Null where nothing is left to be opened. */
  readonly sealed: string | null;
  /** Whose personal data the text holds, where that is another than the subject whose key opens it. */
  readonly about?: { readonly subjectIds?: readonly string[]; readonly quarantineIds?: readonly string[] };
  /** Text that the log holds in the clear, since its field became personal later. It opens like sealed text, and `sealed` is null. */
  readonly inClear?: string;
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
    const inClear = items.filter((item) => item.inClear !== undefined);
    const keys = inClear.length === 0 ? null : await sealer.keys.keysFor(inClear.map(({ subjectId }) => subjectId));
    return items.map(({ subjectId, sealed, inClear: text }) => {
      if (sealed !== null) return values.next().value ?? null;
      return text === undefined || keys?.get(subjectId) === 'erased' ? null : text;
    });
  };
  return {
    subjectIdOf: (namespace, value) => sealer.subjectIdOf(namespace, normaliseIdentifier(namespace, value)),
    isErased: async (subjectId) => (await sealer.keys.keysFor([subjectId])).get(subjectId) === 'erased',
    open,
    openToSearch: open,
  };
}
