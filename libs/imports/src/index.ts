/** Reads files into touchpoints: mappings, presets, dates, money, and the run that imports a file batch by batch. */
export type { IdentifierInput, ImportItem, InvalidRow, RowOrigin, TouchpointInput } from './import-item.js';
export type { ImportFile, ImportReader } from './import-reader.js';
export {
  runImport,
  type ImportOptions,
  type ImportProgress,
  type ImportSink,
  type ImportSummary,
  type ItemOutcome,
  type ItemWarning,
} from './run-import.js';
export { mappedDocumentReader, mappedReader } from './mapped-reader.js';
export { parseMapping, type Mapping } from './mapping.js';
export { mappingSchema } from './mapping-document.js';
export { MappingRejected } from './mapping-rejected.js';
export { PRESETS, type Preset, type PresetOptions } from './presets/index.js';
export { proposeMapping, type Proposal } from './proposing/propose-mapping.js';
export { factColumns, FactColumnsRejected, factRows, type FactColumn } from './facts/fact-rows.js';
export { STANDARD_INPUT } from './file-lines.js';
export { FileBroken, FileRejected } from './file-rejected.js';
export { encodingOf, ENCODING_NAMES, markedEncoding, UTF_8, type Encoding } from './encodings/encoding.js';
export { LineCutter, type RawLine } from './lines/line-cutter.js';
export { rawText } from './lines/raw-text.js';
export { seededRandom, type Random } from './random.js';
