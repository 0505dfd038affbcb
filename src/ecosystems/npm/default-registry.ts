/**
 * The URL of the npm registry, from npm's own definitions of its settings: the one place that decides it.
 * Loaded when it is asked for, because most commands name their registry.
 */
export async function defaultRegistryUrl(): Promise<string> {
  const { definitions } = await import('@npmcli/config/lib/definitions/index.js');
  return definitions.registry.default;
}
