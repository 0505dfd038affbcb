/** A clock that stands still until the test moves it. Starts in the middle of a time step of RFC 6238. */
export class TestClock {
  now = Date.UTC(2026, 0, 1, 12, 0, 15);

  advance(milliseconds: number): void {
    this.now += milliseconds;
  }
}

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
