import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { GatewayClients, ParamsPipe, RequireScope } from 'openclaw-gateway-lock';
import * as v from 'valibot';

const Note = v.object({ text: v.pipe(v.string(), v.minLength(1)) });

@WebSocketGateway()
export class NotesGateway {
  readonly #notes: string[] = [];

  constructor(private readonly clients: GatewayClients) {}

  @SubscribeMessage('notes.add')
  @RequireScope('operator.write')
  add(@MessageBody(new ParamsPipe(Note)) { text }: v.InferOutput<typeof Note>): { id: number } {
    const id = this.#notes.push(text);
    this.clients.send('notes.added', { id, text });
    return { id };
  }

  @SubscribeMessage('notes.list')
  @RequireScope('operator.read')
  list(): readonly string[] {
    return this.#notes;
  }
}
