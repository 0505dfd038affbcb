import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { PackOptions } from '../../../src/ecosystems/ecosystem.ts';
import { run } from '../../support/run.ts';
import { exampleArchive, exampleProject, scriptedProjects } from '../../support/scripted-context.ts';

function packing() {
  const asked: PackOptions[] = [];
  const opened: string[] = [];
  const given: Partial<Context> = {
    workingDirectory: '/project',
    temporaryFolder: async () => '/temporary',
    projects: {
      ...scriptedProjects(undefined),
      async open(path) {
        opened.push(path);
        return {
          ...exampleProject(),
          async pack(options) {
            const { onPacked: _, ...rest } = options;
            asked.push(rest);
            return exampleArchive({ path: resolve(options.folder, 'left-pad-1.3.0.tgz') });
          },
        };
      },
    },
  };
  return { given, asked, opened };
}

describe('package', () => {
  it('puts the archive into the current folder and prints its path', async () => {
    const { given, asked, opened } = packing();
    expect(await run('package', given)).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "    Packaged left-pad@1.3.0: 2 files, 1.2 kB (5.7 kB unpacked)
      ",
        "stdout": "/project/left-pad-1.3.0.tgz
      ",
      }
    `);
    expect(asked).toEqual([
      { folder: '/project', runScripts: true, purpose: 'package', allowDirty: false, verify: false },
    ]);
    expect(opened).toEqual(['/project']);
  });

  it('takes another project and another folder, and leaves the scripts out', async () => {
    const { given, asked, opened } = packing();
    expect((await run('pack ../other --out dist --ignore-scripts', given)).stdout).toContain(
      '/project/dist/',
    );
    expect(asked).toEqual([
      { folder: '/project/dist', runScripts: false, purpose: 'package', allowDirty: false, verify: false },
    ]);
    expect(opened).toEqual(['/other']);
  });

  it('lists without keeping an archive', async () => {
    const { given, asked } = packing();
    expect(await run('package --list', given)).toMatchInlineSnapshot(`
      {
        "exitCode": 0,
        "stderr": "      Listed left-pad@1.3.0: 2 files, 1.2 kB (5.7 kB unpacked)
      ",
        "stdout": "5.0 kB  index.js
       678 B  package.json
      ",
      }
    `);
    expect(asked[0]?.folder).toBe('/temporary');
  });

  it('tells programs the same as JSON', async () => {
    const { given } = packing();
    const packed = JSON.parse((await run('package --json', given)).stdout);
    expect(packed).toMatchObject({ path: '/project/left-pad-1.3.0.tgz', size: 1234 });
    const listed = JSON.parse((await run('package --list --json', given)).stdout);
    expect(listed).not.toHaveProperty('path');
    expect(listed.files).toHaveLength(2);
  });

  it.each(['package --out', 'package a b'])('`pub %s` is wrong usage', async (line) => {
    expect((await run(line)).exitCode).toBe(2);
  });

  it('refuses an empty --out: it is a variable that was not set', async () => {
    expect((await run(['package', '--out', ''])).exitCode).toBe(2);
  });
});
