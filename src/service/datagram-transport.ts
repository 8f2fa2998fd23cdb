// A file of its own, loaded only where a service manager waits for messages.
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import type { NotifyTransport } from './transport.js';

/** Constants of Linux, the same on every processor that Node runs on. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2_000_000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const O_CLOEXEC = 0o2_000_000;

/** How long a manager that is too busy to read is waited for, and the pause between two attempts, in milliseconds. */
const BUSY_MS = { atMost: 5_000, pause: 20 };

/**
 * Sends datagrams through the C library, descriptors included.
 *
 * @param address an absolute path, or an abstract name after `@` (unix(7))
 * @throws {Error} the optional package koffi is not installed, or no socket can be made
 */
export async function openDatagramTransport(address: string): Promise<NotifyTransport> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)') as (...of: number[]) => number;
  const pipe = libc.func('int pipe2(_Out_ int *ends, int flags)') as (ends: number[], flags: number) => number;
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
  const sendmsg = libc.func('sendmsg', 'long', ['int', koffi.pointer(msghdr), 'int']) as (
    descriptor: number,
    header: object,
    flags: number,
  ) => number;

  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw new Error(`no Unix socket can be made (errno ${koffi.errno()})`);
  const name = socketAddress(address);
  const transport = {
    passesDescriptors: true,
    async send(message: string, descriptors: readonly number[] = []): Promise<void> {
      const text = Buffer.from(message);
      const control = descriptors.length > 0 ? controlMessage(descriptors, koffi.sizeof('size_t')) : null;
      const header = {
        name,
        nameLength: name.length,
        vector: [{ base: text, length: text.length }],
        vectorLength: 1,
        control,
        controlLength: control?.length ?? 0,
        flags: 0,
      };
      const deadline = performance.now() + BUSY_MS.atMost;
      // Never waits in the call: a manager that is slow must not stop the event loop of the gateway.
      while (sendmsg(descriptor, header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        const errno = koffi.errno();
        if (errno !== koffi.os.errno['EAGAIN'] || performance.now() > deadline) {
          throw new Error(`the service manager cannot be told (errno ${errno})`);
        }
        await delay(BUSY_MS.pause);
      }
    },
    /** The manager reads in order, and closes the other end of this pipe when its turn has come (sd_notify_barrier(3)). */
    async barrier(): Promise<void> {
      const ends = [-1, -1];
      if (pipe(ends, O_CLOEXEC) < 0) throw new Error(`no pipe can be made (errno ${koffi.errno()})`);
      const [read, write] = ends as [number, number];
      const end = new Socket({ fd: read, readable: true, writable: false }).resume();
      try {
        await transport.send('BARRIER=1', [write]);
      } finally {
        closeSync(write);
      }
      await once(end, 'close');
    },
  };
  return transport;
}

/** struct sockaddr_un, in the byte order of this machine; an abstract name begins with a NUL in place of the `@`. */
function socketAddress(address: string): Buffer {
  const family = Buffer.from(new Uint16Array([AF_UNIX]).buffer);
  const isAbstract = address.startsWith('@');
  const path = Buffer.from(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  return Buffer.concat([family, path]);
}

/** struct cmsghdr with SCM_RIGHTS (cmsg(3)): its length, level and kind, then the descriptors, filled up to a whole word. */
function controlMessage(descriptors: readonly number[], wordBytes: number): Buffer {
  const length = wordBytes + 8 + 4 * descriptors.length;
  const word = wordBytes === 8 ? new BigUint64Array([BigInt(length)]) : new Uint32Array([length]);
  const rest = new Int32Array([SOL_SOCKET, SCM_RIGHTS, ...descriptors]);
  const message = Buffer.concat([Buffer.from(word.buffer), Buffer.from(rest.buffer)]);
  return Buffer.concat([message], Math.ceil(length / wordBytes) * wordBytes);
}
