import type { ArgumentsHost } from '@nestjs/common';

/** A request on its way through the guards, pipes and handlers of a gateway class. */
export class RequestCall {
  /** What it failed with, if it did. */
  failure: { readonly exception: unknown } | undefined;

  constructor(
    readonly id: string,
    readonly method: string,
  ) {}

  /** Of what a guard, a filter or an interceptor is given: the arguments of the handler, of which it is the third. */
  static of(host: ArgumentsHost): RequestCall | undefined {
    const argument: unknown = host.getArgByIndex(2);
    return argument instanceof RequestCall ? argument : undefined;
  }
}
