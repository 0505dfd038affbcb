import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { publish } from '../ops/publish.ts';
import { type MemberChoice, publishMembers } from '../ops/publish-members.ts';
import {
  ecosystemOption,
  newCommand,
  nonEmpty,
  oneTimePasswordOption,
  registryOption,
  type SecondFactorOptions,
} from './options.ts';

interface PublishOptions extends SecondFactorOptions {
  readonly tag?: string;
  readonly access?: 'public' | 'restricted';
  readonly dryRun?: true;
  readonly ignoreScripts?: true;
  readonly yes?: true;
  readonly stage?: true;
  readonly workspace?: true | readonly string[];
  readonly package?: readonly string[];
  readonly allowDirty?: true;
  readonly verify?: true;
  readonly index?: string;
  readonly workspaces?: true;
  readonly provenanceFile?: string;
  readonly wait: boolean;
}

export function publishCommand(context: Context): Command {
  return newCommand('publish', 'Pack a project and publish it to a registry', 'pub publish --otp 123456')
    .argument('[folder|archive]', 'the project, or an archive made by `pub package`', '.')
    .addOption(oneTimePasswordOption())
    .option('--tag <tag>', 'the dist-tag to give the version (default: latest)')
    .addOption(
      new Option(
        '--access <access>',
        'who may read a new package (default: what the registry says, public at a pub-registry)',
      ).choices(['public', 'restricted'] as const),
    )
    .option('--stage', 'hand it in for an owner to approve, which takes no one-time password')
    .addOption(
      new Option(
        '-w, --workspace [member]',
        'publish this member of the workspace, by name or folder; repeatable; without a name all of them',
      ).argParser(collectMember),
    )
    .addOption(
      new Option('-p, --package <member>', 'the same, as cargo has it; repeatable').argParser(collectMember),
    )
    .option('--workspaces', 'publish all members of the workspace that are not out yet (also -ws)')
    .option('--allow-dirty', 'of a crate: also with changes that are not in git yet')
    .option('--verify', 'of a crate: build what was packed before it is sent')
    .option(
      '--provenance-file <bundle>',
      'attach this Sigstore bundle, which says how it was built',
      nonEmpty,
    )
    .option('--no-wait', 'do not wait where a registry looks at a release before it can be installed')
    .option('--dry-run', 'do everything but send the archive')
    .option('--ignore-scripts', 'do not run the scripts of the package')
    .option('--yes', 'publish even if the archive holds something dangerous')
    .addOption(registryOption())
    .addOption(
      new Option('--index <url>', "the index of the crate's registry, as cargo has it").conflicts('registry'),
    )
    .addOption(ecosystemOption())
    .addHelpText(
      'after',
      '\nMembers of a workspace stand in package.json, in Cargo.toml, or in the `packages`\nof pnpm-workspace.yaml, which alone counts where it is there.',
    )
    .action((path: string, options: PublishOptions) => {
      const request = {
        path,
        registry: options.index ?? options.registry,
        tag: options.tag,
        access: options.access,
        stage: options.stage ?? false,
        oneTimePassword: options.otp,
        dryRun: options.dryRun ?? false,
        runScripts: !options.ignoreScripts,
        acceptDanger: options.yes ?? false,
        allowDirty: options.allowDirty ?? false,
        verify: options.verify ?? false,
        wait: options.wait,
        provenanceFile: options.provenanceFile,
      };
      const members = membersOf(options);
      return members === undefined
        ? publish(context, request)
        : publishMembers(context, { ...request, members });
    });
}

/** `--workspace` without a name is cargo's word for all. */
function membersOf({ workspace, workspaces, package: named }: PublishOptions): MemberChoice | undefined {
  if (workspaces || workspace === true) return 'all';
  const members = [...(workspace ?? []), ...(named ?? [])];
  return members.length === 0 ? undefined : members;
}

function collectMember(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, nonEmpty(text)];
}
