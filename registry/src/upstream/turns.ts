import { noAnswer } from './no-answer.ts';

/** It was not even asked for: others were, and they were too many. */
export class NoTurn extends Error {
  override readonly name = 'NoTurn';
}

/** Runs `work` when its turn comes; one that is unwanted before that is not begun. */
export type Turns = <T>(work: () => Promise<T>, unwanted: AbortSignal) => Promise<T>;

export interface TurnLimits {
  readonly mostAtOnce: number;
  /** Milliseconds. */
  readonly longestWait: number;
}

/** In the order in which they were given. */
export function createTurns({ mostAtOnce, longestWait }: TurnLimits): Turns {
  const waiting = new Set<() => void>();
  let free = mostAtOnce;

  const turn = (unwanted: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.delete(take);
        clearTimeout(timer);
        unwanted.removeEventListener('abort', refuse);
      };
      const refuse = () => {
        leave();
        reject(noTurn('too much is asked of it at a time'));
      };
      const take = () => {
        leave();
        resolve();
      };
      const timer = setTimeout(refuse, longestWait);
      unwanted.addEventListener('abort', refuse);
      waiting.add(take);
    });

  return async (work, unwanted) => {
    if (unwanted.aborted) throw noTurn('nobody waits for it any more');
    if (free > 0) free--;
    else await turn(unwanted);
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next === undefined) free++;
      else next();
    }
  };
}

function noTurn(reason: string) {
  return noAnswer(reason, new NoTurn(reason));
}
