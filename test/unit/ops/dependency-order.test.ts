import { describe, expect, it } from 'vitest';
import { inDependencyOrder } from '../../../src/ops/dependency-order.ts';
import { exampleProject } from '../../support/scripted-context.ts';

/** Writes a workspace as `a:b c:` for an `a` that needs `b` and a `c` that needs nothing. */
function order(text: string) {
  const projects = text.split(' ').map((entry) => {
    const [name = '', needs = ''] = entry.split(':');
    return { ...exampleProject({ name }), dependencies: needs.split(',').filter(Boolean) };
  });
  const { projects: ordered, cycle } = inDependencyOrder(projects);
  return { order: ordered.map(({ name }) => name).join(' '), cycle: cycle?.join(' ') };
}

describe('the order of a workspace', () => {
  it.each([
    ['a: b: c:', 'a b c'],
    ['a:b b:c c:', 'c b a'],
    ['a:d,b b:c c:d d:', 'd c b a'],
    ['b: a:outside', 'b a'],
    ['a:b,b b:', 'b a'],
    ['a:a', 'a'],
  ])('of %s is %s', (text, expected) => {
    expect(order(text)).toEqual({ order: expected, cycle: undefined });
  });

  it('breaks a circle where it enters it, and names it', () => {
    expect(order('x:a a:b b:c c:a')).toEqual({ order: 'c b a x', cycle: 'a b c' });
  });
});
