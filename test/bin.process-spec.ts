import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

import { portOf, stranger } from './kit/net.js';
import { Program, ROOT } from './kit/program.js';
import { tempFolder } from './kit/temp.js';

const SCRIPTS = join(ROOT, 'dist/bin');
const KEPT = /^(.*\.cjs)(?:\.start)?\.(v[\d.]+)-.*\.cache$/;

describe('the built command', () => {
  it('has beside it the code of what a start loads, which V8 takes in the Node that has built it', () => {
    const kept = readdirSync(SCRIPTS).flatMap((file) => {
      const parts = KEPT.exec(file);
      return parts?.[2] === process.version ? [parts] : [];
    });

    expect(kept.map(([, script]) => script)).toEqual([
      'load-nest.cjs',
      'openclaw.cjs',
      'openclaw.cjs',
      'reflect-metadata.cjs',
      'ws.cjs',
    ]);
    for (const [file = '', script = ''] of kept) {
      const text = readFileSync(join(SCRIPTS, script), 'utf8');
      const { cachedDataRejected } = new Script(text, { cachedData: readFileSync(join(SCRIPTS, file)) });

      expect([file, cachedDataRejected]).toEqual([file, false]);
    }
  });

  it('says the same where that is of another Node, and writes nothing when it is refused', async () => {
    const folder = tempFolder();
    cpSync(SCRIPTS, folder, { recursive: true, filter: (path) => !KEPT.test(path) });
    const before = readdirSync(folder);
    const port = portOf(await stranger({}, (socket) => socket.destroy()));

    const refused = Program.node(join(folder, 'cli.cjs'), ['gateway', '--port', port]);

    expect((await refused.exit()).code).toBe(69);
    expect(refused.stderr).toMatch(`another gateway instance is already listening on ws://127.0.0.1:${port}\n`);
    expect(readdirSync(folder)).toEqual(before);
  });
});
