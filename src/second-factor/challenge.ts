/** What a registry asked for, validated. */
export interface Challenge {
  /** `missing`: no code was sent. `refused`: one was, and it was wrong, used before or out of time. */
  readonly kind: 'missing' | 'refused';
  /** The registry's own words, control characters removed. */
  readonly text: string;
}

/** Thrown by a registry client when the registry wants a second factor for the request just made. */
export class SecondFactorRequired extends Error {
  override readonly name = 'SecondFactorRequired';
  readonly challenge: Challenge;

  constructor(challenge: Challenge) {
    super(challenge.text);
    this.challenge = challenge;
  }
}
