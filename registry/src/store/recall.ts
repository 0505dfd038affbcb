/** What was read, by its key, for as long as nobody commits. */
export type Recall = <Answer>(key: string, read: () => Promise<Answer>) => Promise<Answer>;

/** Answers that are remembered at once; above this many all are forgotten. */
const mostAnswers = 10_000;

/**
 * Remembers what the database answered until anybody commits, in this process or another: asking whether it
 * changed takes a microsecond, asking again fifty. Nothing is ever out of date, so it serves where a change must
 * show at once, such as a token that is revoked. `version` is the database's: see there.
 */
export function createRecall(version: () => number): Recall {
  const answers = new Map<string, unknown>();
  let answeredAt: number | undefined;
  return async <Answer>(key: string, read: () => Promise<Answer>) => {
    const before = version();
    if (before !== answeredAt || answers.size >= mostAnswers) answers.clear();
    answeredAt = before;
    // What stands behind a key is what its `read` answered: whoever makes the key names the type in it.
    const known = answers.get(key) as Answer | undefined;
    if (known !== undefined) return known;
    const answer = await read();
    // Read before a commit and answered after it: of no use to others. Nor is what is not there, of which there is any number.
    if (answer !== undefined && version() === before) answers.set(key, answer);
    return answer;
  };
}
