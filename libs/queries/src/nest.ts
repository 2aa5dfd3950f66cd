/** The questions over HTTP, as a module of a Nest application, and the document of all routes. */
export { setUpOpenApi } from './http/openapi.js';
export { QueriesModule } from './queries.module.js';
