import { normaliseIdentifier } from '#contracts';
import { SealBrokenError, type Sealer } from '#platform';

/** Something sealed, and whose key opens it. */
export interface Sealed {
  readonly subjectId: string;
  readonly sealed: string;
}

/** The two things that a question needs of sealing: finding a subject by what a person calls her, and opening what is sealed. */
export interface PersonalData {
  /** The subject of an identifier as a channel writes it. */
  subjectIdOf(namespace: string, value: string): string;
  /** The clear texts in order; null where the person was erased, or where the text is damaged. */
  open(items: readonly Sealed[]): Promise<readonly (string | null)[]>;
}

/** Personal data by the engine's own sealer. */
export function personalData(sealer: Sealer): PersonalData {
  const openOne = async (item: Sealed): Promise<string | null> => {
    try {
      return (await sealer.openMany([item]))[0] ?? null;
    } catch (error) {
      if (error instanceof SealBrokenError) return null;
      throw error;
    }
  };
  return {
    subjectIdOf: (namespace, value) => sealer.subjectIdOf(namespace, normaliseIdentifier(namespace, value)),
    async open(items) {
      try {
        return await sealer.openMany(items);
      } catch (error) {
        if (!(error instanceof SealBrokenError)) throw error;
        // One damaged text must not hide its neighbours.
        return Promise.all(items.map(openOne));
      }
    },
  };
}
