/** `Database` of the read models, provided by projections. */
export const DATABASE = Symbol.for('perennial.database');
