import { generateSync } from 'otplib';
import type { TestClock } from './test-clock.ts';

/** RFC 6238's time step, in milliseconds. */
export const step = 30_000;

/** The authenticator app of one account, on the registry's clock. */
export class Authenticator {
  readonly seed: string;
  readonly recoveryCodes: readonly string[];
  readonly #clock: TestClock;

  constructor(seed: string, recoveryCodes: readonly string[], clock: TestClock) {
    this.seed = seed;
    this.recoveryCodes = recoveryCodes;
    this.#clock = clock;
  }

  /** What the app shows `steps` time steps from now. */
  code(steps = 0): string {
    return codeOf(this.seed, this.#clock.now + steps * step);
  }

  /** Waits for the next time step, so that the code was not seen before. */
  nextCode(): string {
    this.#clock.advance(step);
    return this.code();
  }

  /** Six digits that the app shows at no time near now. */
  wrongCode(): string {
    const near = [-3, -2, -1, 0, 1, 2, 3].map((steps) => this.code(steps));
    const wrong = ['000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777'];
    return wrong.find((code) => !near.includes(code)) as string;
  }
}

export function codeOf(seed: string, at: number): string {
  return generateSync({ secret: seed, epoch: Math.floor(at / 1_000) });
}

export function seedIn(uri: string): string {
  return new URL(uri).searchParams.get('secret') ?? '';
}
