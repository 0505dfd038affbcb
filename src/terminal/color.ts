/** How the few kinds of text look. Each takes text that is already printable. */
export interface Style {
  verb(text: string): string;
  error(text: string): string;
  warning(text: string): string;
  hint(text: string): string;
  name(text: string): string;
  /** Light on dark, whatever the terminal's own colours are: cameras read a QR code in one polarity best. */
  qrCode(text: string): string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Whether to colour: `FORCE_COLOR` decides if set (as Node.js has it), then `NO_COLOR` when not empty
 * (no-color.org), then `TERM=dumb`, then whether the stream is a terminal. Decided here and not by chalk,
 * which ignores `NO_COLOR` in a terminal (measured, 6.0.1).
 */
export function wantsColor(environment: Environment, isTerminal: boolean): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== '') return false;
  if (environment['TERM'] === 'dumb') return false;
  return isTerminal;
}

const plain = (text: string): string => text;
const plainStyle: Style = {
  verb: plain,
  error: plain,
  warning: plain,
  hint: plain,
  name: plain,
  qrCode: plain,
};

/** Loads chalk only if something will be coloured. */
export async function createStyle(colored: boolean): Promise<Style> {
  if (!colored) return plainStyle;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    verb: chalk.green.bold,
    error: chalk.red.bold,
    warning: chalk.yellow.bold,
    hint: chalk.cyan.bold,
    name: chalk.bold,
    qrCode: chalk.bgBlack.whiteBright,
  };
}
