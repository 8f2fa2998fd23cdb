import type { PipeTransform } from '@nestjs/common';
import * as v from 'valibot';

import type { RequestError } from '../wire/frames.js';
import { GatewayRequestException } from '../wire/request-error.js';

/** A request without params is treated like one with empty params. */
const NONE = {};
/** A long list can be wrong in every item, and the answer should not be longer than the request. */
const MAX_ISSUES = 10;

/**
 * Checks the params of a request against a schema of valibot, and gives the handler the output of the schema.
 *
 * @example
 * ```ts
 * @SubscribeMessage('notes.add')
 * add(@MessageBody(new ParamsPipe(v.object({ text: v.string() }))) { text }: { text: string }): void {}
 * ```
 */
export class ParamsPipe<S extends v.GenericSchema> implements PipeTransform<unknown, v.InferOutput<S>> {
  constructor(private readonly schema: S) {}

  /** @throws {GatewayRequestException} `INVALID_PARAMS`: the error names the path and the rule, and never the value */
  transform(params: unknown = NONE): v.InferOutput<S> {
    const result = v.safeParse(this.schema, params, { abortPipeEarly: true });
    if (result.success) return result.output;
    throw new GatewayRequestException(misfit(result.issues));
  }
}

/** Describes params that do not fit: never their value, which may be a secret. */
export function misfit(issues: readonly v.BaseIssue<unknown>[]): RequestError {
  const rules = issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: v.getDotPath(issue) ?? '',
    rule: ruleOf(issue),
  }));
  const [first] = rules;
  return {
    code: 'INVALID_REQUEST',
    message: `invalid params: ${[first?.path, first?.rule].filter(Boolean).join(': ')}`,
    details: { code: 'INVALID_PARAMS', issues: rules },
  };
}

/** `required`, `string`, `integer`, `min_length >=1`: a name of valibot, and what it was given. */
function ruleOf({ kind, type, expected, received }: v.BaseIssue<unknown>): string {
  if (kind === 'schema') return received === 'undefined' ? 'required' : type;
  return expected === null ? type : `${type} ${expected}`;
}
