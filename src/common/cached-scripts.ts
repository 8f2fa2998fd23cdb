import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** What Node puts around a file of CommonJS: in one line with its first one, so that lines keep their numbers. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n})';

type Wrapper = (
  exports: object,
  require: (name: string) => unknown,
  module: Module,
  file: string,
  folder: string,
) => void;

interface Module {
  exports: object;
}

/**
 * The scripts of a folder, as `require()` gives them, but compiled from what V8 has kept of an earlier run where that lies
 * beside them. V8 takes it only with its own version and flags; otherwise it compiles the text, as it always does.
 *
 * The scripts are in ASCII, as `bundle.js` writes them, which is read sooner than UTF-8. What is kept is code: it is read from
 * beside the scripts alone, where only those may write who may write these too.
 */
export class CachedScripts {
  readonly #scripts = new Map<string, Script>();
  readonly #modules = new Map<string, Module>();

  /** @param native loads all that is not a script of the folder */
  constructor(
    private readonly folder: string,
    private readonly native: NodeJS.Require,
  ) {}

  /** @param name for a script of the folder, `./` and its whole name, which ends in `.cjs` */
  readonly require = (name: string): unknown => {
    const isScript = name.startsWith('./') && name.endsWith('.cjs');
    return isScript ? (this.#modules.get(name) ?? this.run(name)).exports : this.native(name);
  };

  /** Runs a script, though it may have run before. */
  run(name: string): Module {
    const module: Module = { exports: {} };
    this.#modules.set(name, module);
    const file = join(this.folder, name);
    const wrapper = this.#script(name, file).runInThisContext() as Wrapper;
    wrapper(module.exports, this.require, module, file, this.folder);
    return module;
  }

  /** Keeps what V8 has compiled of the scripts, which is what has run of them by now. */
  keep(): void {
    for (const [name, script] of this.#scripts) writeFileSync(this.#keptFile(name), script.createCachedData());
  }

  #script(name: string, file: string): Script {
    const known = this.#scripts.get(name);
    if (known) return known;
    const cachedData = this.#kept(name);
    const options = { filename: file, columnOffset: -HEAD.length, ...(cachedData && { cachedData }) };
    const script = new Script(HEAD + readFileSync(file, 'latin1') + TAIL, options);
    this.#scripts.set(name, script);
    return script;
  }

  #kept(name: string): Buffer | undefined {
    try {
      return readFileSync(this.#keptFile(name));
    } catch {
      // There is none for this Node: compiling takes longer, and does the same.
      return undefined;
    }
  }

  /** V8 does not ask whether it was another kind of machine. */
  #keptFile(name: string): string {
    return join(this.folder, `${name}.${process.version}-${process.platform}-${process.arch}.cache`);
  }
}
