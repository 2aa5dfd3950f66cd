export { openIdTable, type DatabaseIdTable } from './indexing/event-ids/id-table.js';
export {
  Projector,
  type ProjectorLogger,
  type ProjectorOptions,
  type ProjectorRole,
  type ProjectorStatus,
  type Rebuilt,
  type RebuildOptions,
  type DryRunResult,
  type Verification,
} from './processor/projector.js';
export { RemoteProjector } from './jobs/remote-projector.js';
export type { Version } from './versions/migrate.js';
export type { BuildProgress } from './versions/build.js';
export type { Digest } from './versions/digest.js';
export type { TableDifference } from './versions/differences.js';
export { migrate } from './versions/migrate.js';
