/** What the engine tells the channels: one file per feed, the list of outputs, and the feeder that carries them out. */
export { FeedsModule } from './feeds.module.js';
export { asyncApiDocument } from './asyncapi/document.js';
