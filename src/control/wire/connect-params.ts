import * as v from 'valibot';

const MAX_TEXT = 256;
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_TEXT));
const version = v.pipe(v.number(), v.integer(), v.minValue(1));
/** Longer than a token may be, so that a client with an overlong token is told that the token is wrong. */
const secret = v.pipe(v.string(), v.maxLength(4_096));

/** What a client says of itself. Unknown keys are allowed; the role and scopes that a client claims are ignored. */
export const ConnectParams = v.looseObject({
  minProtocol: version,
  maxProtocol: version,
  client: v.looseObject({
    id: text,
    version: text,
    platform: text,
    mode: text,
    displayName: v.optional(text),
    instanceId: v.optional(text),
    deviceFamily: v.optional(text),
  }),
  auth: v.optional(v.looseObject({ token: v.optional(secret), password: v.optional(secret) })),
});

export type ConnectParams = v.InferOutput<typeof ConnectParams>;
