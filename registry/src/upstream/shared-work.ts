interface UnderWay {
  readonly done: Promise<unknown>;
  readonly unwanted: AbortController;
  waiting: number;
}

/** Work that several ask for is done once for all of them. */
export interface SharedWork {
  /**
   * Begins `work`, unless that is under way for this key. `unwanted` is aborted when everybody who asked has left,
   * which `asker` says of this one.
   */
  once<T>(key: string, asker: AbortSignal, work: (unwanted: AbortSignal) => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

export function createSharedWork(): SharedWork {
  const underWay = new Map<string, UnderWay>();
  const all = new Set<Promise<unknown>>();

  function begin(key: string, work: (unwanted: AbortSignal) => Promise<unknown>): UnderWay {
    const unwanted = new AbortController();
    const done = work(unwanted.signal).finally(() => {
      all.delete(done);
      forget(key, begun);
    });
    const begun = { done, unwanted, waiting: 0 };
    underWay.set(key, begun);
    all.add(done);
    return begun;
  }

  /** Whoever asks next may have begun it anew. */
  function forget(key: string, begun: UnderWay): void {
    if (underWay.get(key) === begun) underWay.delete(key);
  }

  return {
    async once<T>(key: string, asker: AbortSignal, work: (unwanted: AbortSignal) => Promise<T>): Promise<T> {
      const begun = underWay.get(key) ?? begin(key, work);
      begun.waiting++;
      const leave = () => {
        begun.waiting--;
        if (begun.waiting > 0) return;
        forget(key, begun);
        begun.unwanted.abort();
      };
      if (asker.aborted) leave();
      else asker.addEventListener('abort', leave, { once: true });
      try {
        return (await begun.done) as T;
      } finally {
        asker.removeEventListener('abort', leave);
      }
    },
    async settled() {
      while (all.size > 0) await Promise.allSettled(all);
    },
  };
}
