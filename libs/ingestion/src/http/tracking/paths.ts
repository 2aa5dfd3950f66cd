import type { CallKind } from '../../tracking/call.js';

/** The routes of analytics libraries, by path: the kind of their call; `batch` for a list of calls of any kind. */
export const TRACKING_PATHS: ReadonlyMap<string, CallKind | 'batch'> = new Map<string, CallKind | 'batch'>([
  ['/v1/identify', 'identify'],
  ['/v1/track', 'track'],
  ['/v1/page', 'page'],
  ['/v1/screen', 'screen'],
  ['/v1/group', 'group'],
  ['/v1/alias', 'alias'],
  ['/v1/batch', 'batch'],
  // The browser library writes the first letter of each.
  ['/v1/i', 'identify'],
  ['/v1/t', 'track'],
  ['/v1/p', 'page'],
  ['/v1/s', 'screen'],
  ['/v1/g', 'group'],
  ['/v1/a', 'alias'],
  ['/v1/b', 'batch'],
  // Its older versions, and other libraries, leave out nothing.
  ['/v1/import', 'batch'],
]);

/** PostHog's routes; its libraries end them with a slash. */
export const POSTHOG_PATHS = ['/capture', '/capture/', '/batch', '/batch/'] as const;

/** Where the browser library reads its settings, by the write key. */
export const SETTINGS_PATH = '/v1/projects/:writeKey/settings';
