/** What the engine tells the channels: one file per feed, the list of outputs, and the relay that carries them out. */
export { asyncApiDocument } from './asyncapi/document.js';
