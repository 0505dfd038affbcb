/** The import rules of CONTRIBUTING.md, one rule a line of its table. Type imports count. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed, dependencyTypesNot: ['core', 'npm', 'npm-dev', 'npm-optional'] },
});
const outside = (name, packages, allowedFrom) => ({
  name,
  severity: 'error',
  from: { path: '^(bin|src)/', pathNot: allowedFrom },
  to: { path: packages.map((p) => `node_modules/${p}/`) },
});

const leaf = '^src/(errors|secret|json|escape-sequences)\\.ts$';
const interfaces =
  '^src/(ecosystems/(ecosystem|registry|proofs|package-changes|staging|teams|tokens)|credentials/provider|http/transport|terminal/(terminal|prompter)|config/(registry-target|registries|cargo-config)|second-factor/challenge)\\.ts$';

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only(
      'bin',
      '^bin/',
      '^bin/run\\.ts$|^src/(main|wiring|cargo-credential-wiring|version|credentials/keychain-child)\\.ts$',
    ),
    only(
      'main',
      '^src/main\\.ts$',
      `^src/commands/|^src/(context|version)\\.ts$|^src/terminal/terminal\\.ts$|${leaf}`,
    ),
    only('commands', '^src/commands/', `^src/commands/|^src/ops/|^src/(context|package-spec)\\.ts$|${leaf}`),
    only(
      'ops',
      '^src/ops/',
      `^src/ops/|^src/(context|package-spec)\\.ts$|^src/second-factor/with-second-factor\\.ts$|${interfaces}|${leaf}`,
    ),
    only(
      'cargo-credential',
      '^src/cargo-credential/',
      `^src/cargo-credential/|^src/ops/one-time-password\\.ts$|^src/http/registry-error\\.ts$|^src/config/registry-url\\.ts$|^src/second-factor/with-second-factor\\.ts$|^src/terminal/printable\\.ts$|${interfaces}|${leaf}`,
    ),
    {
      name: 'cargo-credential-without-commands',
      comment: 'cargo starts it several times for one publish',
      severity: 'error',
      from: { path: '^(bin/cargo-credential-pub|src/cargo-credential-wiring)\\.ts$' },
      to: { path: '^src/commands/|^src/(main|wiring|registry-access)\\.ts$', reachable: true },
    },
    only('context', '^src/context\\.ts$', `${interfaces}|${leaf}`),
    only(
      'npm',
      '^src/ecosystems/npm/',
      `^src/ecosystems/npm/|^src/archives/|^src/ecosystems/(ecosystem|registry|proofs|package-changes|staging|teams|tokens|pub-registry|credential-names|crate-names)\\.ts$|^src/http/(transport|registry-error|browser-request|foreign-text)\\.ts$|^src/(second-factor/challenge|config/registry-target|package-spec)\\.ts$|${leaf}`,
    ),
    only(
      'cargo',
      '^src/ecosystems/cargo/',
      `^src/ecosystems/cargo/|^src/archives/|^src/ecosystems/(ecosystem|registry|proofs|package-changes|staging|teams|pub-registry|credential-names|crate-names)\\.ts$|^src/http/(transport|registry-error|browser-request|credential-rules|foreign-text)\\.ts$|^src/(second-factor/challenge|config/registry-target)\\.ts$|${leaf}`,
    ),
    only(
      'archives',
      '^src/archives/',
      `^src/archives/|^src/ecosystems/ecosystem\\.ts$|^src/http/transport\\.ts$|${leaf}`,
    ),
    only('credentials', '^src/credentials/', `^src/credentials/|^src/config/registry-target\\.ts$|${leaf}`),
    only(
      'second-factor',
      '^src/second-factor/',
      `^src/second-factor/|^src/http/transport\\.ts$|^src/terminal/(terminal|prompter)\\.ts$|${leaf}`,
    ),
    only('http', '^src/http/', `^src/http/|^src/second-factor/challenge\\.ts$|${leaf}`),
    only('terminal', '^src/terminal/', `^src/terminal/|${leaf}`),
    only('config', '^src/config/', `^src/config/|^src/ecosystems/ecosystem\\.ts$|${leaf}`),
    { name: 'registry-alone', severity: 'error', from: { path: '^registry/' }, to: { path: '^(src|bin)/' } },
    {
      name: 'cli-without-registry',
      severity: 'error',
      from: { path: '^(src|bin)/' },
      to: { path: '^registry/' },
    },
    outside('undici', ['undici'], '^src/http/(undici-transport|connections)\\.ts$'),
    outside('keyring', ['@napi-rs'], '^src/credentials/'),
    outside('commander', ['commander'], '^src/(main\\.ts|commands/)'),
    outside('prompts', ['@inquirer', 'chalk', 'uqr'], '^src/terminal/'),
    outside('tar', ['tar'], '^src/(archives|ecosystems/npm)/'),
    outside('packing', ['npm-packlist', '@npmcli', 'ini'], '^src/ecosystems/npm/'),
    {
      name: 'mail-library',
      severity: 'error',
      from: { path: '^registry/src/', pathNot: '^registry/src/mail/transports\\.ts$' },
      to: { path: 'node_modules/nodemailer/' },
    },
    {
      name: 'releases-know-no-protocol',
      severity: 'error',
      from: { path: '^registry/src/(releases|accounts|organisations|packages|audit|mail|store)/' },
      to: { path: '^registry/src/(protocols|web|app|server|routes)' },
    },
    {
      name: 'store-is-the-floor',
      severity: 'error',
      from: { path: '^registry/src/store/' },
      to: { path: '^registry/src/(releases|accounts|organisations|packages|audit)/' },
    },
    {
      name: 'no-fastify-below-protocols',
      severity: 'error',
      from: { path: '^registry/src/(releases|accounts|organisations|packages|audit|mail|store)/' },
      to: { path: 'node_modules/fastify/' },
    },
    {
      name: 'protocols-apart',
      severity: 'error',
      from: { path: '^registry/src/protocols/([^/]+)/' },
      to: { path: '^registry/src/protocols/([^/]+)/', pathNot: '^registry/src/protocols/$1/' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
