/** Variables that hold a credential of some registry, by their names. In any case: Windows knows no other. */
const credentialNames: readonly RegExp[] = [
  /^PUB_(TOKEN(_.*)?|OTP|.*PASSPHRASE.*)$/i,
  /^(NPM_TOKEN|NPM_ID_TOKEN|NODE_AUTH_TOKEN)$/i,
  /^YARN_NPM_AUTH_(TOKEN|IDENT)$/i,
  /^p?npm_config_.*(auth|password|otp|token).*$/i,
  // `npm_config_//host/:_authToken`, and whatever else is set for one registry only.
  /^p?npm_config_\/\//i,
  /^CARGO_REGISTR(Y|IES_.+)_(TOKEN|SECRET_KEY)$/i,
];

/** True for a variable that no program of a project gets: it is one bad dependency away from being stolen. */
export function isCredentialName(name: string): boolean {
  return credentialNames.some((pattern) => pattern.test(name));
}
