import { render } from 'preact';

import { App } from './app.js';
import { Watch } from './watch.js';

const watch = new Watch();
const root = document.getElementById('app');
// Empty where the program of this gateway has no such command.
if (root) render(<App watch={watch} openCommand={root.dataset['openCommand'] ?? ''} />, root);
watch.start();
