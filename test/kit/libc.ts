import koffi from 'koffi';

import { onCleanUp } from './cleaner.js';
import { until } from './deadline.js';

const libc = koffi.load(null);
const dup = libc.func('int dup(int descriptor)') as (descriptor: number) => number;
const close = libc.func('int close(int descriptor)') as (descriptor: number) => number;
const socket = libc.func('int socket(int domain, int type, int protocol)') as (...of: number[]) => number;
const bind = libc.func('int bind(int descriptor, const void *name, uint32_t length)') as (
  descriptor: number,
  name: Buffer,
  length: number,
) => number;
const iovec = koffi.struct({ base: 'void *', length: 'size_t' });
const msghdr = koffi.struct({
  name: 'void *',
  nameLength: 'uint32_t',
  vector: koffi.pointer(iovec),
  vectorLength: 'size_t',
  control: 'void *',
  controlLength: 'size_t',
  flags: 'int',
});
const recvmsg = libc.func('recvmsg', 'long', ['int', koffi.inout(koffi.pointer(msghdr)), 'int']) as (
  descriptor: number,
  header: { controlLength: number },
  flags: number,
) => number;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
/** struct cmsghdr: a length in a word of 8 bytes, level and kind, then the descriptors. */
const CONTROL_HEADER_BYTES = 16;

/** A second descriptor of the same socket, as a service manager passes one. */
export function duplicate(descriptor: number): number {
  return dup(descriptor);
}

/** A descriptor of a TCP socket that does not listen. */
export function silentSocket(): number {
  return socket(2, 1, 0);
}

export interface Told {
  readonly text: string;
  readonly descriptors: readonly number[];
}

/** The socket of a service manager, to which a service sends datagrams (sd_notify(3)). */
export class NotifySocket {
  readonly told: Told[] = [];
  readonly #descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);

  /** @param address a path, or an abstract name after `@` */
  constructor(readonly address: string) {
    const name = Buffer.concat([
      Buffer.from(new Uint16Array([AF_UNIX]).buffer),
      Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`),
    ]);
    if (bind(this.#descriptor, name, name.length) !== 0) throw new Error(`cannot bind ${address}: ${koffi.errno()}`);
    onCleanUp(() => {
      this.#read();
      this.told.forEach((told) => this.release(told));
      close(this.#descriptor);
    });
  }

  /** Waits for a message that is so, and takes it with all before it. */
  async take(pattern: RegExp, deadlineMs = 60_000): Promise<Told> {
    let found = -1;
    await until(deadlineMs, `${pattern} from the service`, () => {
      this.#read();
      found = this.told.findIndex(({ text }) => pattern.test(text));
      return found !== -1;
    });
    const [message] = this.told.splice(0, found + 1).slice(-1);
    if (!message) throw new Error(`${pattern} is gone`);
    return message;
  }

  /** Closes the descriptors of a message, as a manager does that has read it. */
  release({ descriptors }: Told): void {
    for (const descriptor of descriptors) close(descriptor);
  }

  #read(): void {
    for (;;) {
      const text = Buffer.alloc(4096);
      const control = Buffer.alloc(256);
      const header = {
        name: null,
        nameLength: 0,
        vector: [{ base: text, length: text.length }],
        vectorLength: 1,
        control,
        controlLength: control.length,
        flags: 0,
      };
      const length = recvmsg(this.#descriptor, header, MSG_DONTWAIT);
      if (length < 0) return;
      const end = control.readUInt32LE(0);
      const descriptors: number[] = [];
      for (let at = CONTROL_HEADER_BYTES; at < end; at += 4) descriptors.push(control.readInt32LE(at));
      this.told.push({ text: text.toString('utf8', 0, length), descriptors });
    }
  }
}
