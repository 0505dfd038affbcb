import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseEmail } from './accounts/accounts.ts';
import { auditCommand } from './commands/audit.ts';
import { keysCommand } from './commands/keys.ts';
import { mailCommand } from './commands/mail.ts';
import { withUpstreams } from './commands/upstream-options.ts';
import { userCommand } from './commands/user.ts';
import { Refusal } from './errors.ts';
import type { Io } from './io.ts';
import { isLoopback } from './loopback.ts';
import { parseSmtpUrl, type SmtpServer } from './mail/smtp-url.ts';
import { type ServerOptions, startServer } from './server.ts';
import { version } from './version.ts';
import { defaultDataFolder } from './wiring.ts';

/** Runs one command line and gives the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.stderr(`error: ${describe(error)}\n`);
    return 1;
  }
}

function createProgram(io: Io): Command {
  const program = new Command('pub-registry')
    .description('A self-hosted package registry where a release becomes public only with a second factor')
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr });
  withData(program)
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <number>', 'the port to listen on, 0 for any free one', parsePort, 4873)
    .option('--url <url>', 'where clients reach the registry, when it is behind a proxy', (text) =>
      parseUrl(text, program),
    )
    .addOption(
      new Option(
        '--registration <who>',
        'whether anybody may create an account (default: open on loopback without an upstream, else closed)',
      ).choices(['open', 'closed']),
    )
    .option(
      '--cargo-auth-required',
      'let nobody read the Cargo index or download crates without a token',
      false,
    )
    .option(
      '--smtp-url <url>',
      'the server that mail goes out by, such as smtps://user@mail.example, with its password in PUB_REGISTRY_SMTP_PASSWORD (default: mail is kept in the data folder)',
      (text) => parseMailServer(text, program),
    )
    .option(
      '--mail-from <address>',
      'who mail is from (default: pub-registry at the host of --url)',
      (text) => parseSender(text, program),
    )
    .addHelpText('after', '\nExample: pub-registry --data ./registry --port 4873');
  withUpstreams(program).action(async (options: ServerOptions) => await serve(options, io));
  for (const command of [userCommand(io), mailCommand(io), auditCommand(io), keysCommand(io)]) {
    program.addCommand(command.copyInheritedSettings(program));
    for (const child of command.commands) withData(child.copyInheritedSettings(program));
  }
  program.hook('preSubcommand', passOnData);
  return program;
}

/** `--data` counts before the command as after it: the wrong folder would be read, or an account in it changed. */
function passOnData(program: Command, group: Command): void {
  if (program.getOptionValueSource('data') !== 'cli') return;
  for (const command of group.commands) {
    command.setOptionValueWithSource('data', program.getOptionValue('data'), 'cli');
  }
}

function withData(command: Command): Command {
  return command.option('--data <folder>', 'where everything is kept', defaultDataFolder());
}

async function serve(options: ServerOptions, io: Io): Promise<void> {
  if (!isLoopback(options.host) && options.url === undefined) {
    throw new Error(
      'to listen beyond this machine, say where clients reach the registry: --url https://registry.example',
    );
  }
  const stopped = io.stopped();
  const server = await startServer(options);
  io.stdout(`listening on ${server.url}\n`);
  await stopped;
  await server.stop();
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is not a port number.');
  return port;
}

/** Its own message, without the text: commander's repeats what may hold a password. */
function parseUrl(text: string, program: Command): string {
  const url = URL.parse(text);
  const plain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    !url.username &&
    !url.password &&
    !url.search &&
    !url.hash;
  if (!plain) {
    program.error('error: --url is not an http or https URL without credentials, query or fragment', {
      exitCode: 2,
    });
  }
  return url.href.replace(/\/+$/, '');
}

function parseMailServer(text: string, program: Command): SmtpServer {
  const server = parseSmtpUrl(text);
  if (server !== undefined) return server;
  return program.error(
    'error: --smtp-url is not smtps://[user@]host[:port] or smtp://[user@]host[:port]; a password goes into PUB_REGISTRY_SMTP_PASSWORD',
    { exitCode: 2 },
  );
}

function parseSender(text: string, program: Command): string {
  try {
    return parseEmail(text);
  } catch {
    return program.error('error: --mail-from is not an e-mail address', { exitCode: 2 });
  }
}

function describe(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\ncaused by: ${error.cause.message}` : '';
  return error.message + cause;
}
