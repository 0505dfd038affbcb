import { setTimeout as wait } from 'node:timers/promises';
import { PubError } from '../errors.ts';
import { mayPass } from './network-error.ts';
import type { HttpResponse, Transport } from './transport.ts';

const passing = new Set([502, 503, 504]);

export interface RetryOptions {
  /** Milliseconds before the second, the third … attempt; their number is that of repetitions. */
  readonly pauses?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Repeats a GET whose connection broke or that met a registry that is just restarting. Nothing else is repeated:
 * a write may have happened although its answer was lost.
 */
export function withRetries(transport: Transport, options: RetryOptions = {}): Transport {
  const pauses = options.pauses ?? [200, 800];
  return {
    async send(request) {
      if (request.method !== 'GET') return await transport.send(request);
      for (const pause of pauses) {
        const response = await attempt(() => transport.send(request));
        if (response !== undefined) return response;
        await rest(pause, options.signal);
      }
      return await transport.send(request);
    },
  };
}

async function attempt(send: () => Promise<HttpResponse>): Promise<HttpResponse | undefined> {
  try {
    const response = await send();
    return passing.has(response.status) ? undefined : response;
  } catch (error) {
    if (mayPass(error)) return undefined;
    throw error;
  }
}

async function rest(pause: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(pause, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw interrupted(error);
  }
}

function interrupted(cause: unknown): PubError {
  return new PubError('E_INTERRUPTED', 'interrupted while waiting for the registry', { cause });
}
