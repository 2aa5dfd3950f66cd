export type { DraftIdentifier, ImportFile, ImportItem, ImportLayout, TouchpointDraft, InvalidRow } from './draft.js';
export {
  runImport,
  type ImportOptions,
  type ImportProgress,
  type ImportSink,
  type ImportSummary,
  type ItemOutcome,
} from './import-run.js';
export { mappedDocument, mappedLayout } from './mapped-layout.js';
export { parseMapping, type Mapping } from './mapping.js';
export { PRESETS, type Preset } from './presets/index.js';
export { MappingRejected } from './problem.js';
export { FileRejected } from './rows.js';
export { seededRandom, type Random } from './random.js';
