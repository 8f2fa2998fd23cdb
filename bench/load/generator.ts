import { setTimeout as delay } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { answerCalls } from '../kit/child-calls.js';
import { monotonicNow, processorTime } from '../servers/calls.js';
import { Connection } from './connection.js';
import { DIALECTS, type DialectName } from './dialects.js';
import { Requests } from './requests.js';

/** Milliseconds. */
export interface Run {
  /** While the clock ran. */
  readonly answers: number;
  readonly ms: number;
  /** With those that came when the clock had stopped, and the time and the processor time that all of them took. */
  readonly allAnswers: number;
  readonly allMs: number;
  readonly processorMs: number;
}

export interface RunOptions {
  readonly method: string;
  /** How many requests of one connection wait for their answers at any time. */
  readonly window: number;
  readonly ms: number;
}

/** As many as a gateway judges of one address at a time. */
const OPENED_AT_A_TIME = 16;

// Arguments: the port, and the dialect.
const port = Number(process.argv[2]);
const { admission, exchange } = DIALECTS[process.argv[3] as DialectName];

const connections: Connection[] = [];
let failure: Error | undefined;
let received = 0;
let lastReceivedAt = 0;

answerCalls({
  check,
  open,
  pause: () => connections.forEach((connection) => connection.pause()),
  run: inOrder(run),
  latencies: inOrder(latencies),
  expect: (lengths: { readonly least: number; readonly most: number }) => expectOne(lengths),
  allReceived,
});

/** That a method is answered as it should be, once, before answers are only counted. */
async function check(method: string): Promise<void> {
  const { request, answer } = new Requests(exchange(method), 1).sample();
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  try {
    await new Promise<void>((resolve, reject) => {
      let received = 0;
      const due = admission?.after ?? 0;
      socket.once('error', reject);
      socket.once('open', () => {
        if (!admission) socket.send(request);
      });
      socket.on('message', (data: Buffer) => {
        received++;
        if (received === admission?.before) socket.send(admission.request);
        else if (received === due) socket.send(request);
        if (received <= due || data.toString() === answer) {
          if (received > due) resolve();
        } else if (!data.toString().startsWith('{"type":"event"')) {
          reject(new Error(`${request} was answered with ${data.toString()}`));
        }
      });
    });
  } finally {
    socket.terminate();
  }
}

async function open(count: number): Promise<void> {
  for (let opened = 0; opened < count; opened += OPENED_AT_A_TIME) {
    const some = Array.from({ length: Math.min(OPENED_AT_A_TIME, count - opened) }, () =>
      Connection.open(port, admission, (error) => (failure ??= error)),
    );
    connections.push(...(await Promise.all(some)));
  }
  for (const connection of connections) connection.onText = () => undefined;
}

async function run({ method, window, ms }: RunOptions): Promise<Run> {
  const requests = new Requests(exchange(method), window);
  let isRunning = true;
  let answers = 0;
  let waiting = 0;
  const processorBefore = processorTime();
  const begunAt = monotonicNow();
  for (const connection of connections) {
    let arrived = 0;
    waiting += window;
    // What came with one read of the socket is followed by as many new requests in one write.
    const refill = (): void => {
      if (isRunning) {
        connection.send(requests.first(arrived));
        waiting += arrived;
      }
      arrived = 0;
    };
    connection.onText = (length) => {
      if (length !== requests.answerLength) return;
      answers++;
      waiting--;
      if (arrived++ === 0) process.nextTick(refill);
    };
    connection.send(requests.first(window));
  }
  await delay(ms);
  isRunning = false;
  const inTime = { answers, ms: monotonicNow() - begunAt };
  while (waiting > 0 && !failure) await delay(1);
  const allMs = monotonicNow() - begunAt;
  return { ...inTime, allAnswers: answers, allMs, processorMs: processorTime() - processorBefore };
}

/** On the first connection, one request at a time. In milliseconds, each. */
async function latencies({ method, ms }: Pick<RunOptions, 'method' | 'ms'>): Promise<number[]> {
  const requests = new Requests(exchange(method), 1);
  const request = requests.first(1);
  const [connection] = connections;
  if (!connection) throw new Error('there is no connection');
  const measured: number[] = [];
  const end = monotonicNow() + ms;
  await new Promise<void>((resolve) => {
    let sentAt = 0;
    const send = (): void => {
      sentAt = monotonicNow();
      connection.send(request);
    };
    connection.onText = (length) => {
      if (length !== requests.answerLength) return;
      const now = monotonicNow();
      measured.push(now - sentAt);
      if (now < end && !failure) send();
      else resolve();
    };
    send();
  });
  return measured;
}

/** From now on, counts the connections that receive a message of such a length. */
function expectOne({ least, most }: { readonly least: number; readonly most: number }): void {
  received = 0;
  for (const connection of connections) {
    connection.onText = (length) => {
      if (length < least || length > most) return;
      connection.onText = () => undefined;
      lastReceivedAt = monotonicNow();
      received++;
    };
  }
}

/** Resolves with when the last of all connections has received it, on the clock of `monotonicNow`. */
async function allReceived(): Promise<number> {
  while (received < connections.length && !failure) await delay(1);
  if (failure) throw failure;
  return lastReceivedAt;
}

function inOrder<A, R>(measure: (argument: A) => Promise<R>): (argument: A) => Promise<R> {
  return async (argument) => {
    const result = await measure(argument);
    for (const connection of connections) connection.onText = () => undefined;
    if (failure) throw failure;
    return result;
  };
}
