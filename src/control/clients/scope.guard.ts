import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { WebSocket } from 'ws';

import type { GatewayClient } from './gateway-client.js';
import { GatewayClients } from './gateway-clients.service.js';
import { GatewayRequestException } from '../wire/request-error.js';
import type { ClientScope } from '../../options/access.options.js';

const REQUIRED_SCOPE = 'openclaw:scope';

/**
 * Refuses a call of a method with `@RequireScope()` unless the token of the client has that scope. `@RequireScope()` brings
 * this guard with it; name the guard only to apply it to a whole class or app.
 *
 * @example
 * ```ts
 * @UseGuards(ScopeGuard)
 * @WebSocketGateway()
 * class NotesGateway {}
 * ```
 */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly clients: GatewayClients,
  ) {}

  /** @throws {GatewayRequestException} `MISSING_SCOPE`: the token lacks the scope, which the error names */
  canActivate(context: ExecutionContext): boolean {
    const scope = this.reflector.get<ClientScope | undefined>(REQUIRED_SCOPE, context.getHandler());
    if (scope !== undefined) requireScope(this.clients.of(context.switchToWs().getClient<WebSocket>()), scope);
    return true;
  }
}

/**
 * Refuses a client whose token lacks a scope.
 *
 * @param client `undefined` for one that was not admitted
 * @throws {GatewayRequestException} `MISSING_SCOPE`: its token lacks the scope, which the error names
 */
export function requireScope(client: GatewayClient | undefined, scope: ClientScope): void {
  if (client?.scopes.includes(scope)) return;
  throw new GatewayRequestException({
    code: 'INVALID_REQUEST',
    message: `this token may not do that: it lacks the scope ${scope}`,
    details: { code: 'MISSING_SCOPE', scope },
  });
}

/**
 * Marks a method of a gateway class: only a client whose token has the scope may call it.
 *
 * @example
 * ```ts
 * @SubscribeMessage('notes.add')
 * @RequireScope('operator.write')
 * add(@MessageBody() text: string): void {}
 * ```
 */
export function RequireScope(scope: ClientScope): MethodDecorator {
  return applyDecorators(SetMetadata(REQUIRED_SCOPE, scope), UseGuards(ScopeGuard));
}
