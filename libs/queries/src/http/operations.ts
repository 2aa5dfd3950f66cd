import type { Projector } from '#projections';
import type { Building } from './jobs.js';

/** What keeps the read models: bound by the application, since this lib knows only its type. */
export const OPERATIONS = Symbol.for('perennial.operations');

/** What checks the content of the log's events, which needs the keys: bound by the application. */
export const CONTENT_CHECKER = Symbol.for('perennial.content-checker');

export type Operations = Pick<Projector, 'status' | 'release'> & Building;
