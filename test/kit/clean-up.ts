import { cleanUp } from './cleaner.js';

// Whatever a test started or made is gone when it ends, however it ends.
afterEach(cleanUp);
