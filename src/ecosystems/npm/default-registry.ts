/**
 * The URL of the npm registry, from npm's own definitions of its settings: the one place that decides it.
 * Loaded when it is asked for: most commands name their registry. The bundle holds the answer instead.
 */
export async function defaultRegistryUrl(): Promise<string> {
  // A CommonJS module, whose members Node gives as the default export alone (measured).
  const { default: npm } = await import('@npmcli/config/lib/definitions/index.js');
  return npm.definitions.registry.default;
}
