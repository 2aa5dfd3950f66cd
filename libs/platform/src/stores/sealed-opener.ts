/**
 * Opens sealed texts inside the engine, in order: null where the person was erased, or where the text is damaged. Nothing of it may be shown.
 */
export type SealedOpener = (
  items: readonly { readonly subjectId: string; readonly sealed: string }[],
) => Promise<readonly (string | null)[]>;
