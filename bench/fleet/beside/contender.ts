import type { Contend } from './contend.js';
import { etcd } from './etcd.js';
import { nats } from './nats.js';
import { sessionLock } from './session-lock.js';
import { tryLock } from './try-lock.js';

// Arguments: the engine, and its URL. Says when it waits, and when it is the only one to work.
const ENGINES: Readonly<Record<string, Contend>> = { sessionLock, tryLock, nats, etcd };

const [engine = '', url = ''] = process.argv.slice(2);
const contend = ENGINES[engine];
if (!contend) throw new TypeError(`${engine} is no engine`);
let waits = false;
const held = await contend(url, () => {
  if (!waits) process.stdout.write('waiting\n');
  waits = true;
});
process.once('SIGTERM', () => void held.release().then(() => process.exit()));
process.stdout.write(`holds ${held.token}\n`);
