import { connect } from 'node:net';

import { onCleanUp } from '../kit/cleaner.js';
import { startGateway, type RunningGateway } from '../kit/gateway.js';
import { WARNING, warnings } from '../kit/log.js';
import { Client } from '../kit/net.js';
import { knock } from '../kit/operator.js';
import { serveOn, socketOf } from '../kit/profile.js';
import { proven } from '../kit/proven.js';
import { exchange, head, statusOf, UPGRADE } from '../kit/raw-http.js';
import { tempFolder } from '../kit/temp.js';
import { TOKEN } from '../kit/token.js';

async function metricsOf({ port }: RunningGateway): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  return answer.text();
}

describe('a refusal', () => {
  const forged = (port: number, header: string): Promise<string> =>
    exchange(port, head('GET /healthz HTTP/1.1', header.replace('P', String(port)), 'Connection: close'));

  it.each([
    ['host not allowed', 'refused_total', (at: RunningGateway) => forged(at.port, 'Host: evil.example')],
    [
      'origin not allowed',
      'refused_total',
      (at: RunningGateway) => forged(at.port, 'Host: 127.0.0.1:P\r\nOrigin: https://evil.example'),
    ],
    [
      'not a WebSocket handshake',
      'refused_total',
      (at: RunningGateway) =>
        exchange(at.port, head('GET / HTTP/1.1', `Host: 127.0.0.1:${at.port}`, ...UPGRADE.slice(0, 2))),
    ],
    ['not an HTTP request', 'refused_total', (at: RunningGateway) => exchange(at.port, 'EHLO evil.example\r\n')],
    [
      'token mismatch',
      'handshake_failures_total',
      async (at: RunningGateway) => knock(await Client.open(at.url), { auth: { token: 'a-wrong-guess' } }),
    ],
    ['token missing', 'handshake_failures_total', async (at: RunningGateway) => knock(await Client.open(at.url), {})],
    [
      'no common protocol version',
      'handshake_failures_total',
      async (at: RunningGateway) => knock(await Client.open(at.url), { minProtocol: 9, maxProtocol: 9 }),
    ],
    [
      'no connect request',
      'handshake_failures_total',
      async (at: RunningGateway) => {
        const client = await Client.open(at.url);
        client.send('GET / HTTP/1.1');
        await client.close();
      },
    ],
  ])('for %j is one line of JSON on stderr, with the address, and is counted', async (reason, metric, attack) => {
    const gateway = await startGateway();
    await attack(gateway);
    await gateway.program.output('stderr', WARNING);

    const lines = warnings(gateway.program.stderr);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'warn', message: expect.stringContaining(reason) as unknown });
    expect(lines[0]?.message).toContain('127.0.0.1');
    expect(await metricsOf(gateway)).toContain(`gateway_${metric}{reason="${reason}"} 1\n`);
  });

  it('of who came over the socket of the profile, which has no address, says so', async () => {
    const stateFolder = tempFolder();
    const { program } = await serveOn(stateFolder);
    const socket = connect({ path: socketOf(stateFolder) });
    onCleanUp(() => socket.destroy());

    socket.write('EHLO\r\n');

    await program.output('stderr', WARNING);
    const [line] = warnings(program.stderr);
    expect(line?.message).toBe('refused a request from an unknown address: not an HTTP request');
  });

  it('leaves a line whole whatever a client puts into it', async () => {
    const gateway = await startGateway();
    const name = 'Host: evil\x1b[31m"\\{}.example';
    await exchange(gateway.port, head('GET /\x1b[2J HTTP/1.1', name, 'Connection: close'));
    await forged(gateway.port, 'Host: evil.example');
    await gateway.program.output('stderr', /host not allowed: evil\.example \(.*\n/);
    const lines = warnings(gateway.program.stderr);
    expect(lines.at(-1)?.message).toContain('host not allowed: evil.example (');
    for (const line of lines) expect(JSON.stringify(line)).not.toMatch(/u001b/);
  });

  it('of many makes few lines, and all of them are counted', async () => {
    const count = 500;
    const gateway = await startGateway();
    for (let batch = 0; batch < count / 50; batch++) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => forged(gateway.port, 'Host: evil.example')));
      for (const answer of answers) expect(statusOf(answer)).toBe(403);
    }
    const metrics = await metricsOf(gateway);
    expect(metrics).toContain(`gateway_refused_total{reason="host not allowed"} ${count}\n`);

    await gateway.program.output('stderr', /\d+ more in 10 s/);

    const messages = warnings(gateway.program.stderr).map(({ message }) => message);
    const windows = messages.filter((message) => message.endsWith(' more in 10 s')).length;
    expect(messages.length).toBeLessThanOrEqual((windows + 1) * 6);
    proven(`${count} refused requests: ${messages.length} lines in the log, and ${count} in the metrics`);
  });
});
