/** What Nest applications and controllers are made with: the server, access, validation of bodies, problem documents. */
export { serve, startProcess } from './serving/serve.js';
export { configureApp } from './serving/configure-app.js';
export { createHttpAdapter, HttpAdapter } from './http-adapter.js';
export { Bodies, type OnBytes } from './bodies/bodies.js';
export { ACCEPT_ENCODING } from './bodies/content-encoding.js';
export { PlatformModule } from './platform.module.js';
export { authorize, type Caller } from './access/authorize.js';
export { Allow, CurrentPrincipal, Public, ruleDocumentation } from './access/allow.js';
export type { RouteRule, ScopeName } from './access/route-rule.js';
export { createLogger } from './logging/logger.js';
export { NestLogger } from './logging/nest-logger.js';
export { FastifyRoutes, type FastifyRoute } from './openapi/fastify-routes.js';
export { ApiProblems, problemResponses, ProblemView, ValidationIssueView } from './problems/api-problems.js';
export { DocumentPipe } from './documents/document.pipe.js';
export { ApiDocument, openApiSchema } from './openapi/openapi-schema.js';
export { ProblemFilter } from './problems/problem.filter.js';
export { Problem, PROBLEM_JSON, problemDocument, type ProblemOptions } from './problems/problem.js';
export { commandHandler } from './commands/command-handler.js';
