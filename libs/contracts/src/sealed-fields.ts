import type { PersonalFields } from './personal.js';

/**
 * What is sealed with the personal fields of a touchpoint and is no field of its data. Each stands under a name that no pointer
 * into data can be, since a pointer begins with a slash: so whatever a channel calls its fields, neither hides the other.
 */
export interface Beside {
  /** Fields of its envelope that have no place of their own. */
  readonly $envelope?: Readonly<Record<string, unknown>>;
  /** Identifiers that were placeholders. */
  readonly $placeholders?: readonly unknown[];
  /** Key and headers of the message in which it came. */
  readonly $provenance?: { readonly key: string | null; readonly headers?: Readonly<Record<string, unknown>> };
}

const NAMES = ['$envelope', '$placeholders', '$provenance'] as const;

/** Says that the names are used as told above, where nothing else does and a field of the data is called like one of them. */
const MARK = '$apart';

/** Personal fields of a class, of one year, whose key was destroyed. */
export interface ExpiredFields {
  readonly personalClass: string;
  readonly year: number;
}

/** What is sealed of a touchpoint, as it was put together. */
export interface SealedFields {
  /** Personal fields of its data, by pointer. */
  readonly personal: PersonalFields;
  readonly beside: Beside;
  /** Classes of personal fields that were destroyed since, since the time for which they are kept is over: which fields they held is not known any more. */
  readonly expired: readonly ExpiredFields[];
  /** Written before names were kept apart: a field of the data that was called like one of ours may have been overwritten. */
  readonly mixed: boolean;
}

/** All that is sealed as one record. */
export function sealedFields(personal: PersonalFields | null, beside: Beside): Readonly<Record<string, unknown>> {
  const all: Record<string, unknown> = { ...personal };
  let named = false;
  for (const name of NAMES) {
    if (beside[name] === undefined) continue;
    all[name] = beside[name];
    named = true;
  }
  if (!named && NAMES.some((name) => `/${name}` in all)) all[MARK] = true;
  return all;
}

/**
 * The parts of such a record, of old ones too. These had our names with a slash before them, as if they were fields of the data; there they
 * are taken for ours.
 */
export function readSealedFields(text: string): SealedFields {
  const { $expired: expired = [], ...all } = JSON.parse(text) as Record<string, unknown> & {
    readonly $expired?: readonly ExpiredFields[];
  };
  const keys = Object.keys(all);
  const mixed = keys.every((key) => key.startsWith('/')) && NAMES.some((name) => `/${name}` in all);
  const personal: Record<string, unknown> = {};
  const beside: Record<string, unknown> = {};
  for (const key of keys) {
    const name = mixed ? NAMES.find((each) => key === `/${each}`) : NAMES.find((each) => key === each);
    if (name !== undefined) beside[name] = all[key];
    else if (key.startsWith('/')) personal[key] = all[key];
  }
  return { personal, beside, expired, mixed };
}
