/** `KeyStore`: the keys of subjects. */
export const KEY_STORE = Symbol.for('perennial.key-store');
/** `Sealer`: seals and opens personal data. */
export const SEALER = Symbol.for('perennial.sealer');
