import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * What Node puts around a file of CommonJS. It is part of the first line, so that lines keep their numbers. The files of
 * the scripts have it already: V8 would have to copy a text that is put together.
 */
export const FUNCTION_HEAD = '(function (exports, require, module, __filename, __dirname) { ';
export const FUNCTION_TAIL = '\n})\n';

/** More than the largest script has. */
const MEMORY_BYTES = 2 ** 21;

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
 * The scripts of a folder, as `require()` gives them, from the code that V8 has kept of an earlier run, where that lies
 * beside them. V8 takes code only of its own version and flags; otherwise it compiles the text, as it always does.
 *
 * The scripts are in ASCII, as `bundle.js` writes them, which is read sooner than UTF-8. What is kept is code: it is read from
 * beside the scripts alone, where only those may write who may write these too.
 */
export class CachedScripts {
  /** For all files in turn: to be given fresh memory takes a process longer than to read into it. */
  #memory = Buffer.allocUnsafeSlow(MEMORY_BYTES);
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

  /**
   * Runs a script, though it may have run before.
   *
   * @param part what {@link keep} has kept under this name is less to read
   * @default all that was kept
   */
  run(name: string, part = ''): Module {
    const module: Module = { exports: {} };
    this.#modules.set(name, module);
    const file = join(this.folder, name);
    const wrapper = this.#script(name, file, part).runInThisContext() as Wrapper;
    wrapper(module.exports, this.require, module, file, this.folder);
    return module;
  }

  /** Keeps what V8 has compiled of the scripts, which is what has run of them by now. */
  keep(): void {
    for (const [name, script] of this.#scripts) writeFileSync(this.#keptFile(name), script.createCachedData());
  }

  /** Keeps what has run of one script by now, under the name of a part of what it does. */
  keepPart(name: string, part: string): void {
    const script = this.#scripts.get(name);
    if (script) writeFileSync(this.#keptFile(name, part), script.createCachedData());
  }

  #script(name: string, file: string, part: string): Script {
    const known = this.#scripts.get(name);
    if (known) return known;
    const text = this.#read(file).toString('latin1');
    const cachedData = this.#kept(name, part);
    const options = { filename: file, columnOffset: -FUNCTION_HEAD.length, ...(cachedData && { cachedData }) };
    const script = new Script(text, options);
    this.#scripts.set(name, script);
    return script;
  }

  #kept(name: string, part: string): Buffer | undefined {
    try {
      return this.#read(this.#keptFile(name, part));
    } catch {
      // There is none for this Node: compiling takes longer, and does the same.
      return undefined;
    }
  }

  /** @returns what the next file takes the place of */
  #read(file: string): Buffer {
    const descriptor = openSync(file, 'r');
    try {
      let length = 0;
      for (;;) {
        const read = readSync(descriptor, this.#memory, length, this.#memory.length - length, null);
        length += read;
        if (read === 0) return this.#memory.subarray(0, length);
        if (length === this.#memory.length) this.#memory = Buffer.concat([this.#memory], 2 * length);
      }
    } finally {
      closeSync(descriptor);
    }
  }

  /** V8 does not ask whether it was another kind of machine. */
  #keptFile(name: string, part = ''): string {
    return join(
      this.folder,
      `${name}${part && `.${part}`}.${process.version}-${process.platform}-${process.arch}.cache`,
    );
  }
}
