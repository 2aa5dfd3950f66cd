/** What an error says, for a log line, a health check or a status. Anything can be thrown, so anything is described. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
