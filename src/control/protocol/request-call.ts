import { createParamDecorator, type ArgumentsHost, type ExecutionContext } from '@nestjs/common';

/** A request that passes through the guards, pipes and handlers of a gateway class. */
export class RequestCall {
  /** The exception that it failed with, if it did. */
  failure: { readonly exception: unknown } | undefined;

  constructor(
    readonly id: string,
    readonly method: string,
  ) {}

  /** Finds the call in what a guard, a filter or an interceptor gets: it is the third argument of the handler. */
  static of(host: ArgumentsHost): RequestCall | undefined {
    const argument: unknown = host.getArgByIndex(2);
    return argument instanceof RequestCall ? argument : undefined;
  }
}

/**
 * What a handler was called as. It is an object, since the pipes of an app are given it too, and may change a text. In Nest's
 * own format, the name of the message is the third argument itself.
 */
export const CalledMethod = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Pick<RequestCall, 'method'> =>
    RequestCall.of(context) ?? { method: context.getArgByIndex<string>(2) },
);
