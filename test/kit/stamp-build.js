import { stamp } from './built-from.js';

// node stamp-build.js <output> <sources>...: the last step of a build, run from the root of the project.
const [output, ...sources] = process.argv.slice(2);
stamp(process.cwd(), output, ...sources);
