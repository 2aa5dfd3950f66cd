import type { Table } from '#database';
import { ACCOUNT_STATES, DIRTY_ACCOUNTS, FOLDED_ACCOUNT_TABLES, MEMBERSHIP_CHANGES } from './accounts/tables.js';
import { ATTRIBUTE_DEFINITIONS, ATTRIBUTE_FACTS } from './attributes/table.js';
import { BOOKED_MONEY } from './bookings/projection.js';
import { SOURCE_CLOSINGS, SOURCE_COUNTS, SOURCE_SEQUENCES } from './completeness/table.js';
import { BRANDS_OF_CUSTOMERS } from './customer-brands/projection.js';
import { PROFILE } from './customers/projection.js';
import { MONEY_DISCREPANCIES } from './discrepancies/projection.js';
import { KEPT_APART, LINKS, SUBJECTS } from './links/table.js';
import { INGEST_OUTCOMES, SOURCE_HOURS } from './outcomes/table.js';
import { MENTIONS } from './mentions/table.js';
import { OPENED_SUBJECTS, OPENINGS_TABLE } from './openings/table.js';
import { CUSTOM_TYPES, POLICIES } from './policies/table.js';
import { QUARANTINE } from './quarantine/table.js';
import type { CustomerReadModel } from './read-model.js';
import { RESTRICTED_SUBJECTS } from './restrictions/table.js';
import { MEMBERS_OF_SEGMENTS, WHAT_SEGMENTS_ASK } from './segments/projection.js';
import { SEGMENTS } from './segments/table.js';
import { SUPPRESSED_SUBJECTS } from './suppressions/table.js';
import { STAGE_COUNTS } from './stage-counts/projection.js';
import { STAGE_PERIOD_HISTORY } from './stage-periods/projection.js';
import { CHECKPOINT, DAY_ZONES, DIRTY, PARKED, SNAPSHOTS, STATES } from './working-tables.js';

/** The read models of customers: one line each, written in this order. A new one is filled by the rebuild that the next start begins. */
export const CUSTOMER_READ_MODELS: readonly CustomerReadModel[] = [
  PROFILE,
  STAGE_PERIOD_HISTORY,
  BOOKED_MONEY,
  MONEY_DISCREPANCIES,
  BRANDS_OF_CUSTOMERS,
  STAGE_COUNTS,
  WHAT_SEGMENTS_ASK,
  MEMBERS_OF_SEGMENTS,
];

/** The tables that the indexer writes, page by page. */
const INDEXED: readonly Table[] = [
  SUBJECTS,
  LINKS,
  KEPT_APART,
  MENTIONS,
  POLICIES,
  CUSTOM_TYPES,
  SEGMENTS,
  INGEST_OUTCOMES,
  SOURCE_HOURS,
  SOURCE_COUNTS,
  SOURCE_SEQUENCES,
  SOURCE_CLOSINGS,
  QUARANTINE,
  OPENINGS_TABLE,
  OPENED_SUBJECTS,
  RESTRICTED_SUBJECTS,
  MEMBERSHIP_CHANGES,
  SUPPRESSED_SUBJECTS,
  ATTRIBUTE_DEFINITIONS,
  ATTRIBUTE_FACTS,
];

/** The tables that the engine keeps for itself. */
const WORKING: readonly Table[] = [
  CHECKPOINT,
  DIRTY,
  STATES,
  SNAPSHOTS,
  PARKED,
  DAY_ZONES,
  DIRTY_ACCOUNTS,
  ACCOUNT_STATES,
];

/** All tables of a version's schema, in the order in which they are created. */
export const READ_MODEL_TABLES: readonly Table[] = [
  ...WORKING,
  ...INDEXED,
  ...CUSTOMER_READ_MODELS.map((model) => model.table),
  ...FOLDED_ACCOUNT_TABLES,
];

/** Names the tables and counts their migrations: a version with another value must be rebuilt. */
export const MODEL = READ_MODEL_TABLES.map((table) => `${table.name}@${table.migrations.length}`).join(' ');

/** What the hash key gives an id. */
const KEYED_IDS: readonly string[] = ['subject_id', 'restriction_id', 'suppression_id', 'decision_id'];

/** The columns that a digest covers and that hold such ids: another hash key gives each of them another value. */
export const COLUMNS_OF_KEYED_IDS = READ_MODEL_TABLES.flatMap(({ name, semantic }) =>
  semantic.filter((column) => KEYED_IDS.includes(column)).map((column) => ({ table: name, column })),
);
