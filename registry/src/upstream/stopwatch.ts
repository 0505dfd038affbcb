/** Milliseconds. */
export interface TimeLimits {
  /** Until an answer begins. */
  readonly answer: number;
  /** Between two pieces of it. */
  readonly silence: number;
  readonly whole: number;
}

export interface Stopwatch {
  /** Aborted when something took too long, or `closing` is. */
  readonly signal: AbortSignal;
  /** Whether it was waited for in vain, and not just slow. */
  readonly heardNothing: boolean;
  progress(): void;
  stop(): void;
}

/** Ends a request when its answer, the next piece of it or the whole takes too long. */
export function createStopwatch(limits: TimeLimits, closing: AbortSignal): Stopwatch {
  const controller = new AbortController();
  let heardNothing = false;
  const end = (what: string) => controller.abort(new Error(`${what} took too long`));
  const endInSilence = (what: string) => {
    heardNothing = true;
    end(what);
  };
  const whole = setTimeout(end, limits.whole, 'all of it');
  let next = setTimeout(endInSilence, limits.answer, 'the answer');
  return {
    signal: AbortSignal.any([controller.signal, closing]),
    get heardNothing() {
      return heardNothing;
    },
    progress() {
      clearTimeout(next);
      next = setTimeout(endInSilence, limits.silence, 'the next piece');
    },
    stop() {
      clearTimeout(whole);
      clearTimeout(next);
      controller.abort(new Error('it was given up'));
    },
  };
}
