import type { Soon } from '../at-once.ts';

/**
 * A look at the database: it shows what was committed when it was taken, or later. Taken again by whoever has waited for
 * anything but the database, such as the body of a request.
 */
export interface Look {
  /** The state of the database that was found. */
  readonly version: number;
  /**
   * What `read` answers, or answered before under the same key if nobody has committed anything since, in this process
   * or another. The key says all that the answer depends on besides the database: a row that was read before may be out
   * of date, so its revision belongs into the key. It may hold no secret. Answers are not to be changed.
   */
  recall<Answer>(key: string, read: () => Promise<Answer>): Soon<Answer>;
}

/** Answers that are remembered at once; above this many all are forgotten. */
const mostAnswers = 10_000;

/**
 * Remembers what the database answered until anybody commits, in this process or another: a look asks once whether it
 * changed. Nothing is ever out of date, so it serves where a change must show at once, such as a token that is revoked.
 * `version` is the database's: see there.
 */
export function createLooks(version: () => number): () => Look {
  let latest = lookAt(version(), version);
  return () => {
    const now = version();
    if (now !== latest.look.version || latest.answers.size >= mostAnswers) latest = lookAt(now, version);
    return latest.look;
  };
}

function lookAt(now: number, version: () => number) {
  const answers = new Map<string, unknown>();
  async function ask<Answer>(key: string, read: () => Promise<Answer>): Promise<Answer> {
    const answer = await read();
    // Read before a commit and answered after it: of no use to others. Nor is what is not there, of which there is any number.
    if (answer !== undefined && version() === now) answers.set(key, answer);
    return answer;
  }
  const look: Look = {
    version: now,
    recall<Answer>(key: string, read: () => Promise<Answer>) {
      // What stands behind a key is what its `read` answered: whoever makes the key names the type in it.
      const known = answers.get(key) as Answer | undefined;
      return known === undefined ? ask(key, read) : known;
    },
  };
  return { answers, look };
}
