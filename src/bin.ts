#!/usr/bin/env node
import { CachedScripts } from './common/cached-scripts.js';

// The whole command is in scripts beside this one, once it is bundled.
new CachedScripts(__dirname, require).run('./openclaw.cjs');
