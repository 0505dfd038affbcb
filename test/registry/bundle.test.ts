import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtClient, builtRegistry } from '../support/places.ts';

describe.each([
  ['pub', dirname(builtClient), ['@npmcli/run-script', 'semver', 'undici']],
  ['pub-registry', dirname(builtRegistry), ['@simplewebauthn/server', 'fastify', 'nodemailer']],
])('the bundle of %s', (_name, folder, packages) => {
  const manifest = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8'));
  const code = readdirSync(folder)
    .filter((file) => file.endsWith('.cjs'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');

  it('asks for nothing but Node and its dependencies', () => {
    const asked = [...code.matchAll(/\b(?:require|import)\(["`]([^"`.][^"`]*)["`]\)/g)].map(
      (found) => found[1] ?? '',
    );
    const outside = asked.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
    expect([...new Set(outside)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('names the packages in it, with the licences that ask to be kept', () => {
    const licences = readFileSync(join(folder, 'licences.txt'), 'utf8');
    for (const name of packages) expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
    expect(licences.split(/^-{80}$/m).length).toBeGreaterThan(30);
    expect(licences).toContain('Permission is hereby granted, free of charge');
  });
});
