import * as v from 'valibot';

const MAX_TEXT = 256;
const text = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_TEXT));
const version = v.pipe(v.number(), v.integer(), v.minValue(1));
/** As long as a token may be, and then some, so that a wrong one is told so. */
const secret = v.pipe(v.string(), v.maxLength(4_096));

/** What a client says of itself. Keys that we do not know are allowed; what it claims to be allowed is not listened to. */
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
  }),
  auth: v.optional(v.looseObject({ token: v.optional(secret), password: v.optional(secret) })),
});

export type ConnectParams = v.InferOutput<typeof ConnectParams>;
