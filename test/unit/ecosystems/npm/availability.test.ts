import { describe, expect, it } from 'vitest';
import { registryWith, token } from './registry-harness.ts';
import { sampleArchive } from './sample-archive.ts';

const status = 'GET /npm/-/package/@acme%2ftool/version/1.0.0/status';
const validating = { body: { packageName: '@acme/tool', version: '1.0.0', status: 'validating' } };

describe('a registry that looks at a release first', () => {
  it('is waited for, and that is told once', async () => {
    const soon = { ...validating, headers: { 'retry-after': '0' } };
    const { registry } = registryWith(
      [status, soon],
      [status, soon],
      [status, { body: { status: 'published' } }],
    );
    let told = 0;
    const availability = await registry.awaitAvailability?.(token, await sampleArchive(), () => {
      told += 1;
    });
    expect([availability, told]).toEqual(['published', 1]);
  });

  it('is not waited for by who does not want to', async () => {
    const { registry } = registryWith([status, validating]);
    expect(await registry.awaitAvailability?.(token, await sampleArchive(), undefined)).toBe('validating');
  });

  it.each(['blocked', 'deleted'])('can say that it is %s', async (said) => {
    const { registry } = registryWith([status, { body: { status: said } }]);
    expect(await registry.awaitAvailability?.(token, await sampleArchive(), undefined)).toBe('blocked');
  });

  it.each([
    [{ status: 404 }],
    [{ status: 403, body: { error: 'not for this package' } }],
    [{ status: 500 }],
    [{ body: '<html>' }],
    [{ body: { status: 'constructor' } }],
    [{ body: { status: 7 } }],
  ])('is not one that answers with %j', async (answer) => {
    const { registry } = registryWith([status, answer]);
    expect(await registry.awaitAvailability?.(token, await sampleArchive(), () => {})).toBeUndefined();
  });
});
