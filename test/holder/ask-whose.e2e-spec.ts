import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';

import { askWhose, OneConnectionAgent } from '../../src/holder/ask-whose.js';
import { findPortOwner } from '../../src/holder/port-owner.js';
import { readProofSecret } from '../../src/state-folder/proof-secret.js';
import { startApp } from '../kit/app.js';
import { onCleanUp } from '../kit/cleaner.js';
import { portOf, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { LINUX } from '../kit/sockets.js';
import { tempFolder } from '../kit/temp.js';
import { cardOf } from './cards.js';

jest.mock('../../src/holder/port-owner.js', () => {
  const actual = jest.requireActual<{ readonly findPortOwner: typeof findPortOwner }>('../../src/holder/port-owner.js');
  return { ...actual, findPortOwner: jest.fn(actual.findPortOwner) };
});

const DEADLINE_MS = 10_000;

async function ask(port: number, secret?: string, timeoutMs = DEADLINE_MS): Promise<unknown> {
  const agent = new OneConnectionAgent({ host: '127.0.0.1', port });
  try {
    return (await askWhose(agent, secret, timeoutMs)).ownership;
  } finally {
    agent.destroy();
    agent.socket.destroy();
  }
}

async function gateway(stateFolder?: string): Promise<number> {
  const { lock } = await startApp({ lock: { ...(stateFolder !== undefined && { stateFolder }) } });
  return Number(new URL(lock.url).port);
}

/** Another HTTP server, closed when the test ends. */
async function other(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createServer(answer);
  onCleanUp(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

describe('whose a gateway is', () => {
  it('is proven by the secret of its state folder', async () => {
    const folder = tempFolder();
    const port = await gateway(folder);

    expect(await ask(port, readProofSecret(folder))).toBe('proven');
  });

  it.each([
    ['with another secret', 'x'.repeat(43)],
    ['without a secret', undefined],
  ])('is told by the user of its socket %s, where the system tells that', async (_how, secret) => {
    expect(await ask(await gateway(tempFolder()), secret)).toBe(LINUX ? 'same user' : 'unknown');
  });

  it('is told by the user of its socket where it proves nothing', async () => {
    expect(await ask(await gateway(), 'x'.repeat(43))).toBe(LINUX ? 'same user' : 'unknown');
  });
});

describe('what shows the card of a gateway', () => {
  it('is not believed where that is another process, to which a tunnel of this user may lead', async () => {
    const card = JSON.stringify(cardOf({ pid: process.ppid }));

    expect(await ask(await other((_request, response) => response.end(card)))).toBe('unknown');
  });

  it('is not believed where its process cannot be found', async () => {
    const port = await other((_request, response) => response.end(JSON.stringify(cardOf())));
    jest.mocked(findPortOwner).mockResolvedValueOnce('unknown');

    expect(await ask(port)).toBe('unknown');
  });
});

describe('what is no gateway', () => {
  it('is told by its answer', async () => {
    const port = await other((_request, response) => response.writeHead(403, { 'X-Rule': 'no' }).end('no card'));

    await expect(ask(port)).rejects.toMatchObject({
      message: 'answered 403 without the card of a gateway',
      status: 403,
      headers: { 'x-rule': 'no' },
    });
  });

  it('is not listened to for longer than a card is', async () => {
    const port = await other((_request, response) => response.end('x'.repeat(100_000)));

    await expect(ask(port)).rejects.toThrow('the answer is too long');
  });

  it('is not listened to where it never comes to its answer', async () => {
    const port = portOf(
      await stranger({}, (socket) => {
        const more = (): void => {
          while (socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1_000)));
        };
        socket.once('data', more).on('drain', more);
      }),
    );

    await expect(ask(port)).rejects.toThrow('the answer is too long');
  });

  it('is none either where it changes the protocol', async () => {
    const port = portOf(
      await stranger({}, (socket) =>
        socket.once('data', () => socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')),
      ),
    );

    await expect(ask(port)).rejects.toThrow('it answered, and not with a card');
  });

  it('may say nothing, which is waited for until the deadline', async () => {
    await expect(ask(portOf(await stranger()), undefined, 100)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('may not be there', async () => {
    await expect(ask(await freePort())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is not there where a connection meets only itself', async () => {
    const port = await freePort();
    const { connect } = net;
    // The kernel may choose the very port that is asked for; here it is told to.
    const meetItself = ((options: net.TcpNetConnectOpts) => connect({ ...options, localPort: port })) as typeof connect;
    const spy = jest.spyOn(net, 'connect').mockImplementation(meetItself);

    const asked = ask(port);

    spy.mockRestore();
    await expect(asked).rejects.toMatchObject({ code: 'ECONNREFUSED', message: 'nothing listens' });
  });
});
