/** Notes are remembered by this process alone; above this many they are forgotten, and made once more. */
const mostNotes = 10_000;
const hour = 60 * 60 * 1_000;

/**
 * Work that no answer waits for, such as noting when a token was used. Each piece has a key, and one that is
 * under way is not begun again. Whoever closes the database waits for what is left.
 */
export class Background {
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #lastRun = new Map<string, number>();
  readonly #failed: (error: unknown) => void;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  run(key: string, work: () => Promise<void>): void {
    if (this.#underWay.has(key)) return;
    const done = Promise.resolve()
      .then(work)
      .catch(this.#failed)
      .finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, done);
  }

  /** Runs it unless that was done for this key within the hour. `now` in milliseconds. */
  runOnceAnHour(key: string, now: number, work: () => Promise<void>): void {
    if ((this.#lastRun.get(key) ?? Number.NEGATIVE_INFINITY) > now - hour) return;
    if (this.#lastRun.size >= mostNotes) this.#lastRun.clear();
    this.#lastRun.set(key, now);
    this.run(key, work);
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay.values());
  }
}
