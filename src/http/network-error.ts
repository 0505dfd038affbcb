import { PubError } from '../errors.ts';
import { foreignText } from './foreign-text.ts';

type Explanation = readonly [message: (host: string) => string, hint: string];

const unreachable = 'check the name of the registry, your connection and your proxy settings';
const untrusted =
  'if the registry uses a certificate of your own, name it with `cafile` in .npmrc or NODE_EXTRA_CA_CERTS';
const later = 'try again; if it goes on, ask whoever runs the registry';

const certificate: Explanation = [(host) => `the certificate of ${host} is not trusted`, untrusted];
const notHttp: Explanation = [(host) => `${host} answered with something that is not HTTP`, unreachable];
const broken: Explanation = [(host) => `the connection to ${host} broke`, later];
const silent: Explanation = [(host) => `${host} did not answer in time`, later];

/** By `error.code`, of Node.js, OpenSSL and undici. */
const explanations: Readonly<Record<string, Explanation>> = {
  ECONNREFUSED: [
    (host) => `${host} refuses the connection`,
    'check that the registry is running, and its port',
  ],
  ENOTFOUND: [(host) => `there is no host named ${host}`, unreachable],
  EAI_AGAIN: [(host) => `the name ${host} cannot be looked up`, unreachable],
  ENETUNREACH: [(host) => `there is no way to ${host}`, unreachable],
  EHOSTUNREACH: [(host) => `there is no way to ${host}`, unreachable],
  ETIMEDOUT: [(host) => `${host} cannot be reached`, unreachable],
  UND_ERR_CONNECT_TIMEOUT: [(host) => `${host} cannot be reached`, unreachable],
  UND_ERR_HEADERS_TIMEOUT: silent,
  UND_ERR_BODY_TIMEOUT: [(host) => `${host} stopped in the middle of its answer`, later],
  UND_ERR_SOCKET: broken,
  ECONNRESET: broken,
  EPIPE: broken,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: [(host) => `the answer of ${host} is incomplete`, later],
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: [
    (host) => `the file changed while it was sent to ${host}`,
    'run the command again',
  ],
  UND_ERR_HEADERS_OVERFLOW: [(host) => `the answer of ${host} has too many headers`, later],
  UND_ERR_PRX_TLS: [() => 'the certificate of the proxy is not trusted', untrusted],
  CERT_HAS_EXPIRED: [
    (host) => `the certificate of ${host} has expired`,
    'check the clock of this machine; otherwise ask whoever runs the registry',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [(host) => `the certificate of ${host} is for another name`, untrusted],
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
  UNABLE_TO_GET_ISSUER_CERT: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  CERT_UNTRUSTED: certificate,
  ERR_SSL_WRONG_VERSION_NUMBER: [
    (host) => `${host} does not speak TLS on this port`,
    'check whether the URL should begin with http://',
  ],
};

/** Over in a moment, perhaps. A certificate, a name or a time-out of two minutes is the same the next time. */
const passing = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN', 'UND_ERR_SOCKET']);

/** A failure to get an answer from `url`, in a person's words. The cause keeps only code and text. */
export function networkError(url: URL, error: unknown): PubError {
  if (error instanceof PubError) return error;
  const { code, text } = innermost(error);
  const [message, hint] = explanations[code] ?? (code.startsWith('HPE_') ? notHttp : broken);
  const reason = text.includes(code) ? text : [code, text].filter(Boolean).join(': ');
  return new PubError('E_NETWORK', message(url.host), {
    hint,
    cause: Object.assign(new Error(reason), { code }),
  });
}

/** Whether asking once more is worth it. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof PubError) || error.code !== 'E_NETWORK') return false;
  return error.cause instanceof Error && 'code' in error.cause && passing.has(String(error.cause.code));
}

/** An attempt on several addresses fails with one error that holds theirs; undici wraps some as a cause. */
function innermost(error: unknown): { code: string; text: string } {
  if (!(error instanceof Error)) return { code: 'unknown', text: '' };
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  const { code } = error as NodeJS.ErrnoException;
  if (error.cause !== undefined && (code === undefined || code === 'UND_ERR')) return innermost(error.cause);
  return { code: code === undefined ? error.name : String(code), text: foreignText(error.message) };
}
