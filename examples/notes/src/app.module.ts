import { Module } from '@nestjs/common';
import { ControlMethodsModule, GatewayLockModule, InputError } from 'openclaw-gateway-lock';
import { NotesGateway } from './notes.gateway.js';

const { PORT, NOTES_TOKEN: token, NOTES_READER_TOKEN: readerToken } = process.env;

@Module({
  imports: [
    GatewayLockModule.forRootAsync({
      useFactory: () => {
        if (token === undefined) throw new InputError('NOTES_TOKEN is not set: give it the token that clients show');
        return {
          port: Number(PORT ?? 18789),
          identity: { name: 'notes', version: '1.0.0' },
          protocol: 'openclaw',
          auth: {
            token,
            tokens: readerToken === undefined ? [] : [{ token: readerToken, scopes: ['operator.read'] }],
          },
        };
      },
    }),
    ControlMethodsModule,
  ],
  providers: [NotesGateway],
})
export class AppModule {}
