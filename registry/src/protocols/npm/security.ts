/**
 * What clients ask about known vulnerabilities, after every installation. This registry knows no advisories: it
 * says that it found none, and that it looked at nothing. The lists that clients send are not read.
 */

/** `POST /-/npm/v1/security/advisories/bulk`: npm, pnpm and yarn 4. Advisories by the name of the package. */
export async function postAdvisories() {
  return {};
}

/** `POST /-/npm/v1/security/audits` and `…/audits/quick`: yarn 1, older npm and pnpm, and npm when the other fails. */
export async function postAudit() {
  return {
    actions: [],
    advisories: {},
    muted: [],
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0 },
      dependencies: 0,
      devDependencies: 0,
      optionalDependencies: 0,
      totalDependencies: 0,
    },
  };
}
