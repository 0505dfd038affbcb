/**
 * What stands behind a proof, as the audit log and the index call it. A recovery code replaces factors, and
 * nothing else: `session-proof.ts`.
 */
export type ProofFactor = 'totp' | 'passkey' | 'password' | 'recovery-code';
