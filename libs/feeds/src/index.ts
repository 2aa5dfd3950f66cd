/** What the engine publishes to channels: one file per feed, the registry of feeds, and the relay that publishes them. */
export { asyncApiDocument } from './asyncapi/document.js';
export { feedTopics } from './registry.js';
