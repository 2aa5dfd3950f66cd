import type { Projector } from '#projections';
import type { Building } from './jobs.js';

/** What keeps the read models: bound by the application, since this lib knows only its type. */
export const OPERATIONS = Symbol.for('perennial.operations');

export type Operations = Pick<Projector, 'status' | 'release'> & Building;
