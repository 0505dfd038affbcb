import { type JsonObject, parseJsonObject } from '../../json.ts';

/**
 * The manifest without `patchedDependencies`, written as npm writes it: with the indentation and line ends
 * of the original. `undefined` when there is nothing to take out.
 */
export function withoutPatches(text: string): { text: string; content: JsonObject } | undefined {
  const original = text.replace(/^\uFEFF/, '');
  const manifest = parseJsonObject(original);
  if (manifest === undefined || !('patchedDependencies' in manifest)) return undefined;
  const { patchedDependencies: _, ...content } = manifest;
  const [, newline = '', indent = ''] = /^\s*\{((?:\r?\n)+)([\s\t]+)/.exec(original) ?? [];
  return { text: `${JSON.stringify(content, null, indent)}\n`.replaceAll('\n', newline), content };
}
