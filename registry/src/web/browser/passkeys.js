import { startAuthentication, startRegistration, WebAuthnError } from '@simplewebauthn/browser';

/**
 * Gives each passkey form its answer: `data-passkey` says whether one is made (`create`) or asked for (`get`),
 * `data-options` what the browser must know. The answer goes into the field `response` and the form is sent.
 * Bundled into `static/passkeys.js` by `scripts/browser-script.ts`.
 */

const ask = {
  create: (optionsJSON) => startRegistration({ optionsJSON }),
  get: (optionsJSON) => startAuthentication({ optionsJSON }),
};

const inWords = {
  NotAllowedError: 'No passkey was given: it was cancelled, or took too long.',
  AbortError: 'No passkey was given: it was cancelled.',
  InvalidStateError: 'This device or key has a passkey for this account already.',
  NotSupportedError: 'This device or key cannot make a passkey that this registry takes.',
  SecurityError: 'Passkeys do not work at this address of the registry.',
};

for (const form of document.querySelectorAll('form[data-passkey]')) {
  form.addEventListener('submit', (event) => {
    const { response } = form.elements;
    if (response.value !== '') return;
    event.preventDefault();
    void answer(form, response);
  });
}

async function answer(form, response) {
  const button = form.querySelector('button');
  const problem = form.querySelector('[role="alert"]');
  problem.hidden = true;
  button.disabled = true;
  try {
    const credential = await ask[form.dataset.passkey](JSON.parse(form.dataset.options));
    response.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    const cause = error instanceof WebAuthnError && error.cause instanceof Error ? error.cause : error;
    problem.textContent = inWords[cause.name] ?? 'This browser gave no passkey.';
    problem.hidden = false;
    button.disabled = false;
  }
}

// A page that comes back from the browser's history holds an answer that was sent already.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
