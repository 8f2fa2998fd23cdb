/** What these tests allow; P stands for the port of the gateway, Q for another one. */
export const CALLERS = {
  hosts: ['gateway.example', 'proxy.example:8443'],
  origins: ['https://app.example', 'http://plain.example:80', 'tauri://localhost'],
};

export const ALLOWED_HOSTS = [
  '127.0.0.1:P',
  'localhost:P',
  '[::1]:P',
  'gateway.example:P',
  'proxy.example:8443',
  'gateway.example',
  'gateway.example:80',
  'gateway.example:443',
];
export const ALLOWED_ORIGINS = [
  'http://127.0.0.1:P',
  'http://localhost:P',
  'http://[::1]:P',
  'https://app.example',
  'https://app.example:443',
  'http://plain.example',
  'tauri://localhost',
];

/** Puts the port of the gateway, and another one, into a row of a table. */
export function at(port: number, text: string): string {
  return text.replaceAll('P', String(port)).replaceAll('Q', String(port + 1));
}
