/** Loaded by whoever first uses a passkey: reading it is a quarter of what a start of the server takes. */
export const loadWebauthn = () => import('@simplewebauthn/server');
