/** What a process may have done by another one that keeps the read models. */
export type JobKind = 'rebuild' | 'dry-run' | 'rollback' | 'verify' | 'digest';

/** requested -> running -> done or failed. A job whose worker stops goes back to requested. */
export type JobState = 'requested' | 'running' | 'done' | 'failed';

/** How often workers look for jobs and send their heartbeat, and how often a waiting process looks for the result. */
export const POLL_MS = 500;
export const RESULT_POLL_MS = 200;

/** A worker without a heartbeat for so long counts as gone. */
export const HEARTBEAT_TIMEOUT_SECONDS = 15;
