/** What the projector logs; a pino logger fits. */
export interface ProjectorLogger {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
  error(facts: Record<string, unknown>, message: string): void;
}

export const SILENT: ProjectorLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };
