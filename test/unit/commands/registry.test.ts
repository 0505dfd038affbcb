import { describe, expect, it } from 'vitest';
import { PubError } from '../../../src/errors.ts';
import { run } from '../../support/run.ts';
import { knownRegistry, scriptedRegistries } from '../../support/scripted-context.ts';

describe('registry', () => {
  it('lists names and URLs, and which is the default', async () => {
    const registries = scriptedRegistries({
      list: async () => [knownRegistry('a'), knownRegistry('work', true)],
    });
    expect(await run('registry list', { registries })).toEqual({
      exitCode: 0,
      stdout: 'a     https://a.example/\nwork  https://work.example/  (default)\n',
      stderr: '',
    });
    expect(JSON.parse((await run('registry list --json', { registries })).stdout)).toEqual([
      { name: 'a', url: 'https://a.example/', default: false },
      { name: 'work', url: 'https://work.example/', default: true },
    ]);
  });

  it('adds one, and makes it the default only when told to', async () => {
    const given: string[] = [];
    const registries = scriptedRegistries({
      async add(name, url) {
        given.push(`add ${name} ${url}`);
        return knownRegistry(name);
      },
      async setDefault(name) {
        given.push(`default ${name}`);
        return knownRegistry(name, true);
      },
    });
    const line = 'registry add work https://work.example/';
    expect((await run(line, { registries })).stderr).toBe('       Added work (https://work.example/)\n');
    expect((await run(`${line} --default`, { registries })).stderr).toContain('now the default');
    expect(given).toEqual([
      'add work https://work.example/',
      'add work https://work.example/',
      'default work',
    ]);
  });

  it('removes one, and tells when there is none of that name', async () => {
    const registries = scriptedRegistries({
      async remove(name) {
        if (name === 'work') return knownRegistry(name);
        throw new PubError('E_CONFIG', `there is no registry named \`${name}\``);
      },
    });
    expect((await run('registry rm work', { registries })).exitCode).toBe(0);
    expect((await run('registry remove other', { registries })).exitCode).toBe(1);
  });

  it('prints the default, or chooses it', async () => {
    const registries = scriptedRegistries({ setDefault: async (name) => knownRegistry(name, true) });
    expect((await run('registry default', { registries })).stdout).toBe('https://registry.example/\n');
    expect((await run('registry default work --json', { registries })).stdout).toContain('"default": true');
  });
});
