/**
 * What the body of a worker thread needs, and no more: a thread that loads the index of platform starts half as fast.
 * The side that starts the thread uses `WorkerClient` of the index.
 */
export { failureOf, type Answer, type Failure } from './threads/answer.js';
