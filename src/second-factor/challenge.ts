/** A page where a person approves what a program asked for, and where the program fetches what came of it. */
export interface BrowserRequest {
  /** Checked: http or https, without credentials. A capability: shown to the person, and to nobody else. */
  readonly pageUrl: string;
  /** Checked: of the registry's own origin. */
  readonly doneUrl: string;
}

/** What a registry asked for, validated. */
export interface Challenge {
  /** `missing`: no code was sent. `refused`: one was, and it was wrong, used before or out of time. */
  readonly kind: 'missing' | 'refused';
  /** The registry's own words, control characters removed. */
  readonly text: string;
  /** Set when the registry also lets the person approve in a browser. */
  readonly browser?: BrowserRequest | undefined;
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
