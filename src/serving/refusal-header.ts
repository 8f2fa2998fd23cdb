/**
 * Names the rule on every refusal, by which a client tells that the gateway refused it and no proxy or stranger did. The
 * page that DNS rebinding brings here can read it too, so its name does not say what listens.
 */
export const REFUSAL_HEADER = 'X-Refusal';
