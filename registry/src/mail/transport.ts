/** A mail with everything a transport needs. */
export interface OutgoingMail {
  /** The same whenever the same mail is sent again, so that servers and readers drop the double (RFC 5322 §3.6.4). */
  readonly messageId: string;
  /** When the event was, in milliseconds. */
  readonly at: number;
  /** The number of its row. */
  readonly id: number;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Hands mail over. Resolves when somebody else has taken responsibility for it. Throws `MailFailure`. */
export interface MailTransport {
  send(mail: OutgoingMail): Promise<void>;
}

/** Why a mail could not be handed over, in words that hold no address: they are logged. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure';
  /** True where it is about this mail only, so that the next one may fare better. */
  readonly thisMailOnly: boolean;

  constructor(message: string, details: { readonly cause: unknown; readonly thisMailOnly: boolean }) {
    super(message, { cause: details.cause });
    this.thisMailOnly = details.thisMailOnly;
  }
}
