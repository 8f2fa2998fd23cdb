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

import { GatewayClients } from './gateway-clients.service.js';
import { GatewayRequestException } from '../wire/request-error.js';
import type { Scope } from '../access/tokens.js';

const REQUIRED_SCOPE = 'openclaw:scope';

/** Lets only clients call a method whose token has the scope of its `@RequireScope()`. */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly clients: GatewayClients,
  ) {}

  /** @throws {GatewayRequestException} with the scope that is missing */
  canActivate(context: ExecutionContext): boolean {
    const scope = this.reflector.get<Scope | undefined>(REQUIRED_SCOPE, context.getHandler());
    const client = this.clients.of(context.switchToWs().getClient<WebSocket>());
    if (scope === undefined || client?.scopes.includes(scope)) return true;
    throw new GatewayRequestException({
      code: 'INVALID_REQUEST',
      message: `this token may not do that: it lacks the scope ${scope}`,
      details: { code: 'MISSING_SCOPE', scope },
    });
  }
}

/** On a method of a gateway class: only for clients whose token has the scope. */
export function RequireScope(scope: Scope): MethodDecorator {
  return applyDecorators(SetMetadata(REQUIRED_SCOPE, scope), UseGuards(ScopeGuard));
}
