/** The encodings of files by their names: no reader of files. The index gives them too. */
export { encodingOf, ENCODING_NAMES } from './encodings/encoding.js';
