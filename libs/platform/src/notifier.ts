/**
 * Rung where something was said, so that whoever in the same process carries it on need not look for it again and again. It says that
 * there may be something, and no more: who hears it looks.
 */
export class Notifier {
  private readonly listening = new Set<() => void>();

  notify(): void {
    for (const hear of this.listening) hear();
  }

  /** Calls `hear` at every ring, until the function that is given back is called. */
  listen(hear: () => void): () => void {
    this.listening.add(hear);
    return () => {
      this.listening.delete(hear);
    };
  }
}
