/**
 * Where cargo finds what. The address of the index is baked into every crate that depends on one of here, and into
 * lock files: it never changes.
 */

/** As it is written into cargo's configuration and into manifests. */
export function indexUrl(publicUrl: string): string {
  return `sparse+${publicUrl}/cargo/index/`;
}

/** `config.json` of the index. No trailing slashes: cargo appends to both (measured). */
export function indexConfig(publicUrl: string, authRequired: boolean) {
  return {
    dl: `${publicUrl}/cargo/api/v1/crates`,
    api: `${publicUrl}/cargo`,
    ...(authRequired && { 'auth-required': true }),
  };
}

/** Where a person gets a token for `cargo login`. */
export function loginUrl(publicUrl: string): string {
  return `${publicUrl}/cargo/me`;
}
