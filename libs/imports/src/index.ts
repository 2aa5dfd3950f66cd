export type { DraftIdentifier, ImportFile, ImportItem, ImportLayout, TouchpointDraft, UnfitRow } from './draft.js';
export { runImport, type ImportOptions, type ImportProgress, type ImportSink, type ImportSummary, type ItemFate } from './import-run.js';
export { mappedDocument, mappedLayout } from './mapped-layout.js';
export { parseMapping, type Mapping } from './mapping.js';
export { PRESETS, type Preset } from './presets/index.js';
export { MappingRefused } from './problem.js';
export { FileRefused } from './rows.js';
export { seededRandom, type Chance } from './random.js';
