import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { startGateway } from '../kit/gateway.js';
import { trouble } from '../kit/log.js';
import { portOf, rawConnection, stranger } from '../kit/net.js';
import { freePort } from '../kit/ports.js';
import { Operator } from '../kit/operator.js';
import { BIN, fixture, MAIN, Program, type Exit } from '../kit/program.js';
import { proven } from '../kit/proven.js';
import { Surroundings } from '../kit/snapshot.js';
import { tempFolder } from '../kit/temp.js';

/** Linux tells without a connection that something listens. */
const PROBES = process.platform === 'linux' ? 0 : 1;

let refusals = 0;
let idle = 0;
afterAll(() =>
  proven(
    `${refusals} refused starts: ${PROBES + 1} connection to the holder each, for the question who it is, and nothing else; ${idle} wrong or helpful calls: not even that`,
  ),
);

describe('a start that is refused', () => {
  it.each([
    ['openclaw gateway', BIN, (port: number) => ({ args: ['gateway', '--port', String(port)] })],
    ['node dist/main.js', MAIN, (port: number) => ({ env: { OPENCLAW_GATEWAY_PORT: String(port) } })],
  ])('%s: writes nothing, and connects to the holder for the question who it is', async (_name, script, call) => {
    const port = await freePort();
    const ipv4 = await Witness.listen('127.0.0.1', port);
    const ipv6 = await Witness.listen('::1', port);

    const { exit, stderr, effects, changed } = await record(script, call(port));

    expect(exit).toEqual({ code: 69, signal: null });
    expect(stderr.split('\n', 1)).toEqual([`another gateway instance is already listening on ws://127.0.0.1:${port}`]);
    const { connections, heard } = await ipv4.tally();
    expect([connections, heard.split('\n', 1)]).toEqual([PROBES + 1, ['GET /.well-known/gateway HTTP/1.1\r']]);
    expect(await ipv6.tally()).toEqual({ connections: 0, heard: '' });
    const anchor = `{"host":"127.0.0.1","port":${port}}`;
    expect(effects).toEqual([`tcp listen ${anchor}`, ...Array<string>(PROBES + 1).fill(`tcp connect ${anchor}`)]);
    expect(changed).toBe(false);
    refusals++;
  });

  it('leaves the gateway and its clients alone', async () => {
    const { program, port, url } = await startGateway();
    const client = await Operator.open(url);

    const { exit } = await record(BIN, { args: ['gateway', '--port', String(port)] });

    expect(exit.code).toBe(78);
    expect(await client.call('health')).toMatchObject({ ok: true, payload: { ok: true } });
    expect(trouble(program.stderr)).toBe('');
  });
});

describe('a call that starts nothing', () => {
  it.each([
    [['--help'], 0],
    [['gateway', '--help'], 0],
    [['--version'], 0],
    [['gateway', '--version'], 0],
    [['gateway', '--prot', '1'], 64],
    [['gateway', '--port', '0x10'], 64],
    [['gatewya'], 64],
  ])('openclaw %j binds nothing, connects nowhere, writes nothing', async (args, code) => {
    const { exit, effects, changed } = await record(BIN, { args });

    expect(exit).toEqual({ code, signal: null });
    expect(effects).toEqual([]);
    expect(changed).toBe(false);
    idle++;
  });
});

interface Call {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

interface Recording {
  readonly exit: Exit;
  readonly stderr: string;
  /** What reached out of the process, in order. */
  readonly effects: readonly string[];
  /** Whether anything was written in HOME, TMPDIR or the working directory. */
  readonly changed: boolean;
}

async function record(script: string, { args = [], env = {} }: Call): Promise<Recording> {
  const file = join(tempFolder(), 'effects');
  const surroundings = new Surroundings();
  const before = surroundings.snapshot().join();
  const preload = `--import=${pathToFileURL(fixture('record-effects')).href}`;

  const options = surroundings.options({ ...env, EFFECTS_FILE: file, NODE_OPTIONS: preload });
  const program = Program.node(script, args, options);
  const exit = await program.exit();

  const [first, ...effects] = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(first).toBe('recording');
  return { exit, stderr: program.stderr, effects, changed: surroundings.snapshot().join() !== before };
}

/** A stranger that holds an address, and keeps what comes. */
class Witness {
  readonly #callers = new Set<number | undefined>();
  readonly #ends: Promise<unknown>[] = [];
  readonly #server: Promise<Server>;
  #heard = '';

  private constructor(
    private readonly host: string,
    port: number,
  ) {
    this.#server = stranger({ host, port }, (socket) => {
      this.#callers.add(socket.remotePort);
      this.#ends.push(new Promise((resolve) => socket.once('close', resolve)));
      socket.on('data', (data) => (this.#heard += data.toString()));
    });
  }

  static async listen(host: string, port: number): Promise<Witness> {
    const witness = new Witness(host, port);
    await witness.#server;
    return witness;
  }

  /** All that has come up to now; every visitor has to have gone. */
  async tally(): Promise<{ connections: number; heard: string }> {
    const server = await this.#server;
    // Connections are accepted in the order in which they came, so whatever came before this one has been seen.
    const last = await rawConnection(portOf(server), this.host);
    while (!this.#callers.has(last.localPort)) await once(server, 'connection');
    last.destroy();
    await Promise.all(this.#ends);
    return { connections: this.#callers.size - 1, heard: this.#heard };
  }
}
