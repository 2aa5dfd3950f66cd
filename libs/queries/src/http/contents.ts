import type { ContentsCheck, ContentsCheckOptions } from '#privacy';

/** Checks the content of every event of the log: each is hashed again, and compared with the content hash that was recorded. */
export interface ContentChecker {
  check(options: ContentsCheckOptions): Promise<ContentsCheck>;
}
