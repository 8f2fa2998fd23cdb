#!/usr/bin/env node
import { CachedScripts } from './common/cached-scripts.js';

// `openclaw gateway` without a further command is a start.
const [command, next = '-'] = process.argv.slice(2);
const part = command === 'gateway' && next.startsWith('-') ? 'start' : '';
// The whole command is in scripts beside this one, once it is bundled.
new CachedScripts(__dirname, require).run('./openclaw.cjs', part);
