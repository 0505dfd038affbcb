import { Command } from 'commander';
import type { Context } from '../context.ts';
import { accessCommand } from './access.ts';
import { deprecateCommand, undeprecateCommand } from './deprecate.ts';
import { distTagCommand } from './dist-tag.ts';
import { loginCommand } from './login.ts';
import { logoutCommand } from './logout.ts';
import { organisationCommand } from './organisation.ts';
import { ownerCommand } from './owner.ts';
import { packageCommand } from './package.ts';
import { publishCommand } from './publish.ts';
import { registryCommand } from './registry.ts';
import { searchCommand } from './search.ts';
import { setupCommand } from './setup.ts';
import { stageCommand } from './stage.ts';
import { teamCommand } from './team.ts';
import { tokenCommand } from './token.ts';
import { twoFactorCommand } from './two-factor.ts';
import { unpublishCommand } from './unpublish.ts';
import { whoamiCommand } from './whoami.ts';
import { yankCommand } from './yank.ts';

/** In the order a newcomer meets them; `pub --help` keeps it. */
const commands: readonly ((context: Context) => Command)[] = [
  loginCommand,
  logoutCommand,
  whoamiCommand,
  publishCommand,
  packageCommand,
  yankCommand,
  stageCommand,
  deprecateCommand,
  undeprecateCommand,
  unpublishCommand,
  distTagCommand,
  ownerCommand,
  accessCommand,
  organisationCommand,
  teamCommand,
  twoFactorCommand,
  tokenCommand,
  searchCommand,
  registryCommand,
  setupCommand,
];

/** The command tree. Neither prints nor exits: `main` decides what becomes of the text and of an error. */
export function createProgram(context: Context, version: string): Command {
  const program = new Command('pub')
    .description('Publish packages with a second factor, and keep registry tokens in the OS keychain')
    .version(version, '-V, --version', 'print the version')
    .option('--json', 'print results and errors as JSON on stdout')
    .helpOption('-h, --help', 'print help for a command')
    .helpCommand('help [command]', 'print help for a command')
    .configureHelp({ subcommandTerm: nameAndArguments })
    .addHelpText('after', '\nExample: pub login && pub publish');
  for (const create of commands) program.addCommand(create(context));
  return program;
}

/** Without `[options]`, which each of them has. */
function nameAndArguments(command: Command): string {
  const operands = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [command.name(), ...operands].join(' ');
}
