import { BOOKED_MONEY } from './bookings/projection.js';
import { PROFILE } from './customers/projection.js';
import { OUTCOMES } from './outcomes/table.js';
import { LINKS, SUBJECTS } from './links/table.js';
import { CUSTOM_TYPES, POLICIES } from './policies/table.js';
import { QUARANTINE } from './quarantine/table.js';
import type { CustomerReadModel } from './read-model.js';
import { STAGE_COUNTS } from './stage-counts/projection.js';
import type { Table } from '#database';
import { STAGE_PERIOD_HISTORY } from './stage-periods/projection.js';
import { CHECKPOINT, DIRTY, PARKED, SNAPSHOTS, STATES } from './working/table.js';

/** The read models of customers: one line each. A new one is filled by a rebuild, which the next start sets off. */
export const CUSTOMER_READ_MODELS: readonly CustomerReadModel[] = [
  // They are written in this order.
  PROFILE,
  STAGE_PERIOD_HISTORY,
  BOOKED_MONEY,
  STAGE_COUNTS,
];

/** Tables that the indexer writes, page by page. */
const INDEXED: readonly Table[] = [SUBJECTS, LINKS, POLICIES, CUSTOM_TYPES, OUTCOMES, QUARANTINE];

/** Tables that the engine itself needs. */
const WORKING: readonly Table[] = [CHECKPOINT, DIRTY, STATES, SNAPSHOTS, PARKED];

/** All tables of a version's schema, in the order in which they are made. */
export const READ_MODEL_TABLES: readonly Table[] = [
  ...WORKING,
  ...INDEXED,
  ...CUSTOMER_READ_MODELS.map((model) => model.table),
];

/** Names the read models and the numbers of their tables: a version built for another model must be rebuilt. */
export const MODEL = READ_MODEL_TABLES.map((table) => `${table.name}@${table.migrations.length}`).join(' ');
