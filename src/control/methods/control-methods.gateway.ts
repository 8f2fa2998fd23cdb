import { Optional } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';

import { GatewayClients } from '../clients/gateway-clients.service.js';
import { requireScope } from '../clients/scope.guard.js';
import { CalledMethod, type RequestCall } from '../protocol/request-call.js';
import { methodsOf, namesOf, type CallableMethods } from './control-method.js';
import { MonitorMethods } from './monitor-methods.js';
import { OpenclawMethods } from './openclaw-methods.js';
import { OperatorMethods } from './operator-methods.js';

/**
 * Serves all methods by one handler: Nest binds each handler anew for each client, which adds up where thousands of clients
 * say nothing.
 */
@WebSocketGateway()
export class ControlMethodsGateway {
  readonly #methods: CallableMethods;

  constructor(
    openclaw: OpenclawMethods,
    operator: OperatorMethods,
    monitor: MonitorMethods,
    // Optional to Nest alone: see OperatorMethods.
    @Optional() private readonly clients: GatewayClients,
  ) {
    this.#methods = methodsOf(openclaw, operator, monitor);
  }

  /** @throws {GatewayRequestException} `MISSING_SCOPE`, `INVALID_PARAMS`, or that of the method */
  @SubscribeMessage(namesOf(OpenclawMethods, OperatorMethods, MonitorMethods))
  call(
    @ConnectedSocket() socket: WebSocket,
    @MessageBody() params: unknown,
    @CalledMethod() { method }: Pick<RequestCall, 'method'>,
  ): unknown {
    const { scope, run } = this.#methods.get(method);
    requireScope(this.clients.of(socket), scope);
    return run(params, socket);
  }
}
