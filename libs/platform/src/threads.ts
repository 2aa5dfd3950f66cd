/** Both sides of a worker thread, and no more: a thread that loads the index of platform starts half as fast. */
export { failureOf, type Answer, type Failure } from './threads/answer.js';
export { threadFile, WorkerClient } from './threads/worker-client.js';
export { newLogIdentity } from './stores/log-identity.js';
