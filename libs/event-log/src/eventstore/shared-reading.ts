interface Asked<Question, Answer> {
  readonly question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * One reading at a time, for all who ask: those who come while one is under way share the next. So what each is answered was read after it
 * asked, later answers are never older than earlier ones, and many callers cost few round trips. Where a reading fails, it fails for all who
 * wait at that moment.
 */
export class SharedReading<Question, Answer> {
  #waiting: Asked<Question, Answer>[] = [];
  #reading = false;

  /** @param read calls `take` where an attempt begins, at least once: it is for all whose questions that gives */
  constructor(private readonly read: (take: () => readonly Question[]) => Promise<Answer>) {}

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      if (!this.#reading) void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    this.#reading = true;
    while (this.#waiting.length > 0) {
      const taken: Asked<Question, Answer>[] = [];
      const take = () => {
        taken.push(...this.#waiting.splice(0));
        return taken.map(({ question }) => question);
      };
      try {
        const answer = await this.read(take);
        for (const { resolve } of taken) resolve(answer);
      } catch (error) {
        for (const { reject } of [...taken, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#reading = false;
  }
}
