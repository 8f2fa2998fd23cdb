import { callGateway } from 'openclaw-gateway-lock';

const { PORT, NOTES_TOKEN: token } = process.env;
const url = `ws://127.0.0.1:${PORT ?? 18789}`;
const [text] = process.argv.slice(2);

if (text !== undefined) await callGateway({ url, token, method: 'notes.add', params: { text } });
console.log(await callGateway({ url, token, method: 'notes.list' }));
