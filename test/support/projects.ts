import { debianCrates } from './debian-crates.ts';
import { build, type Lack, peers, program } from './tools.ts';

/** A group of tests, named after what they need: one row of the table in CONTRIBUTING.md. */
export interface TestProject {
  readonly name: string;
  readonly folder: string;
  /** Milliseconds for one test. */
  readonly timeout: number;
  /** What is not there; asked when the tests are about to run. */
  readonly lacks: () => readonly Lack[];
}

const keyring = () => [
  build(),
  program('gnome-keyring-daemon', 'gnome-keyring'),
  program('secret-tool', 'libsecret-tools'),
  program('dbus-daemon'),
  program('dbus-send', 'dbus-bin'),
  program('Xvfb', 'xvfb'),
  program('tmux'),
];

const compiler = () => [build(), program('cargo', 'cargo-web'), program('cc', 'gcc')];

export const projects: readonly TestProject[] = [
  { name: 'unit', folder: 'test/unit', timeout: 20_000, lacks: () => [] },
  { name: 'registry-unit', folder: 'registry/test', timeout: 20_000, lacks: () => [] },
  { name: 'registry', folder: 'test/registry', timeout: 120_000, lacks: () => [build()] },
  {
    name: 'peers',
    folder: 'test/peers',
    timeout: 240_000,
    lacks: () => [build(), peers(), program('tmux')],
  },
  { name: 'keychain', folder: 'test/keychain', timeout: 60_000, lacks: keyring },
  {
    name: 'peers-keychain',
    folder: 'test/peers-keychain',
    timeout: 120_000,
    lacks: () => [...keyring(), peers()],
  },
  {
    name: 'browser',
    folder: 'test/browser',
    timeout: 120_000,
    lacks: () => [...keyring(), peers(), program('chromium')],
  },
  {
    name: 'cargo',
    folder: 'test/cargo',
    timeout: 240_000,
    lacks: () => [...compiler(), program('tmux')],
  },
  {
    name: 'cargo-keychain',
    folder: 'test/cargo-keychain',
    timeout: 60_000,
    lacks: () => [...keyring(), program('cargo', 'cargo-web')],
  },
  {
    name: 'crates',
    folder: 'test/crates',
    timeout: 240_000,
    lacks: () => [...compiler(), debianCrates()],
  },
  { name: 'tty', folder: 'test/tty', timeout: 60_000, lacks: () => [build(), program('tmux')] },
];
