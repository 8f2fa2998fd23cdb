// Each of these is sent to a page and runs there, so it can use nothing but its argument and what a browser has.

/** As much of it as is used: the declarations of a browser do not go with those of Node. */
declare const document: {
  createElement(name: 'object'): { data: string; onload: () => void; onerror: () => void };
  readonly body: { append(element: unknown): void };
};

export interface Answer {
  readonly type: string;
  readonly status: number;
  readonly text: string;
}

/** What a page gets to see of an answer, if it does. */
export async function read({ url, mode }: { url: string; mode?: 'no-cors' }): Promise<Answer | 'nothing'> {
  try {
    const response = await fetch(url, mode && { mode });
    return { type: response.type, status: response.status, text: await response.text() };
  } catch {
    return 'nothing';
  }
}

/** What a page is told of something that it embeds. */
export function embed(url: string): Promise<string> {
  return new Promise((resolve) => {
    const object = document.createElement('object');
    object.onload = () => resolve('load');
    object.onerror = () => resolve('error');
    object.data = url;
    document.body.append(object);
  });
}

/** All that happens to a WebSocket that a page tries to open. */
export function eventsOfSocket(url: string): Promise<string[]> {
  return new Promise((resolve) => {
    const events: string[] = [];
    const socket = new WebSocket(url);
    socket.onopen = () => {
      events.push('open');
      socket.close();
    };
    socket.onmessage = () => events.push('message');
    socket.onerror = () => events.push('error');
    socket.onclose = () => resolve([...events, 'close']);
  });
}

interface Message {
  readonly type: string;
  readonly event?: string;
  readonly id?: string;
  readonly payload: unknown;
}

/** Connects as an operator does, asks for the health, and resolves with both answers. */
export function askForHealth({ url, params }: { url: string; params: object }): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const answers: unknown[] = [];
    const socket = new WebSocket(url);
    const ask = (method: string, its?: object): void =>
      socket.send(JSON.stringify({ type: 'req', id: method, method, params: its }));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.event === 'connect.challenge') ask('connect', params);
      if (message.type !== 'res') return;
      answers.push(message.payload);
      if (message.id === 'connect') ask('health');
      else socket.close();
    };
    socket.onerror = () => reject(new Error(`no WebSocket to ${url}`));
    socket.onclose = () => resolve(answers);
  });
}
