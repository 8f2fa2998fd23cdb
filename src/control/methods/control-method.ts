import type { Type } from '@nestjs/common';
import type * as v from 'valibot';
import type { WebSocket } from 'ws';

import type { ClientScope } from '../../options/access.options.js';
import { ParamsPipe } from '../protocol/params.pipe.js';

type Schema = v.GenericSchema;

/** A method as clients call it. */
export interface CallableMethod {
  /** What the token of the client has to allow. */
  readonly scope: ClientScope;
  /** @throws {GatewayRequestException} `INVALID_PARAMS` */
  readonly run: (params: unknown, socket: WebSocket) => unknown;
}

/** Methods by name. */
export interface CallableMethods {
  /** @param name one that {@link namesOf} gave: no other has a handler */
  get(name: string): CallableMethod;
}

/** What `@ControlMethod` was given. */
interface Description {
  readonly name: string;
  readonly key: string;
  readonly scope: ClientScope;
  readonly pipe: ParamsPipe<Schema> | undefined;
}

type Described = Readonly<Record<string, (params: unknown, socket: WebSocket) => unknown>>;

/** By the prototype of the class, in the order of its methods. */
const descriptions = new WeakMap<object, Description[]>();

type Mark<Params> = <M extends (params: Params, socket: WebSocket) => unknown>(
  prototype: object,
  key: string,
  method: TypedPropertyDescriptor<M>,
) => void;

/**
 * Marks a method that clients call by its name, where their token has the scope. It is given the params and the socket.
 *
 * @param params what the params have to be
 * @default the params are not looked at
 */
export function ControlMethod<S extends Schema>(name: string, scope: ClientScope, params?: S): Mark<v.InferOutput<S>> {
  return (prototype, key) => {
    const pipe = params && new ParamsPipe<Schema>(params);
    descriptions.set(prototype, [...describedIn(prototype), { name, key, scope, pipe }]);
  };
}

/** The names of all methods of the classes. */
export function namesOf(...classes: readonly Type[]): string[] {
  return classes.flatMap(({ prototype }) => describedIn(prototype as object).map(({ name }) => name));
}

/** The methods of instances of such classes; those of a base class are not among them. */
export function methodsOf(...instances: readonly object[]): CallableMethods {
  return new Map(
    instances.flatMap((instance) =>
      describedIn(Object.getPrototypeOf(instance) as object).map(({ name, key, scope, pipe }) => [
        name,
        {
          scope,
          run: (params, socket) => (instance as Described)[key]?.(pipe ? pipe.transform(params) : params, socket),
        } satisfies CallableMethod,
      ]),
    ),
  ) as CallableMethods;
}

function describedIn(prototype: object): readonly Description[] {
  return descriptions.get(prototype) ?? [];
}
