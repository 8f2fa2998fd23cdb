import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import { ROOT } from './kit/program.js';

const ENTRIES = ['index.ts', 'cli/index.ts', 'listener/index.ts', 'testing/index.ts'];

interface Documented {
  /** `runGateway`, or `RunOptions.signals`. */
  readonly name: string;
  readonly node: ts.Node;
  readonly doc: string;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
}

/** The declarations that an entry exports, each from a file of its own room. */
function exportsOf(entry: string): Documented[] {
  return parse(join(ROOT, 'src', entry)).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) {
      throw new Error(`${entry} has more than names that it exports from elsewhere`);
    }
    const { text } = statement.moduleSpecifier as ts.StringLiteral;
    const { statements } = parse(join(ROOT, 'src', entry, '..', text.replace(/\.js$/, '.ts')));
    return statement.exportClause.elements.flatMap(({ name: { text: name } }) =>
      statements
        .filter((node) => (node as ts.Statement & { readonly name?: ts.Identifier }).name?.text === name)
        .map((node) => ({ name, node, doc: docOf(node) })),
    );
  });
}

function docOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .map((doc) => doc.getText())
    .join('\n');
}

/** What users can reach of a class or an interface. What overrides a member of another class is documented there. */
function membersOf({ name, node }: Documented): Documented[] {
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) return [];
  return [...(node.members as Iterable<ts.ClassElement | ts.TypeElement>)].flatMap((member) => {
    const modifiers = ts.getCombinedModifierFlags(member);
    const isOverride = modifiers & ts.ModifierFlags.Override && !(modifiers & ts.ModifierFlags.Static);
    if (!member.name || isOverride || isHidden(member)) return [];
    return [{ name: `${name}.${member.name.getText()}`, node: member, doc: docOf(member) }];
  });
}

function isHidden(node: ts.Node): boolean {
  if (!ts.isClassElement(node) && !ts.isTypeElement(node)) return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if (ts.getCombinedModifierFlags(node) & hidden || docOf(node).includes('@internal')) return true;
  return node.name !== undefined && ts.isPrivateIdentifier(node.name);
}

/** The types of this package that users find in a declaration: not those that it takes something over from. */
function typesIn(declaration: ts.Node): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || ts.isHeritageClause(node) || isHidden(node)) return;
    if (ts.isTypeReferenceNode(node)) found.push(node.typeName.getText());
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  const ofPackage = declaration.getSourceFile().statements.flatMap(namesOfPackage);
  return found.filter((name) => ofPackage.includes(name));
}

/** What a statement at the top of a file declares, or imports from another file of this package. */
function namesOfPackage(statement: ts.Statement): string[] {
  if (!ts.isImportDeclaration(statement)) {
    const { name } = statement as ts.Statement & { readonly name?: ts.Identifier };
    return name ? [name.text] : [];
  }
  const { text: from } = statement.moduleSpecifier as ts.StringLiteral;
  const names = statement.importClause?.namedBindings;
  return from.startsWith('.') && names && ts.isNamedImports(names) ? names.elements.map(({ name }) => name.text) : [];
}

function throws(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return true;
  return ts.forEachChild(node, throws) ?? false;
}

function isCode(node: ts.Node): boolean {
  return ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isGetAccessor(node);
}

const exported = ENTRIES.flatMap(exportsOf);
const members = exported.flatMap(membersOf);
const namesOf = (wrong: readonly Documented[]): string[] => [...new Set(wrong.map(({ name }) => name))];

describe('the docs of the public types', () => {
  it('are on each export and on each of its members', () => {
    expect(exported.length).toBeGreaterThan(70);
    expect(namesOf([...exported, ...members].filter(({ doc }) => doc === ''))).toEqual([]);
  });

  it('are on the methods that Nest makes for a module, which the module has to override for that', () => {
    const made = exported
      .filter(({ node }) => node.getText().includes(' extends ConfigurableModuleClass {'))
      .flatMap(({ name }) => [`${name}.forRoot`, `${name}.forRootAsync`]);
    expect(made.length).toBeGreaterThan(0);
    expect(namesOf(members)).toEqual(expect.arrayContaining(made));
  });

  it('are there for each type that another one names', () => {
    const names = exported.map(({ name }) => name);
    const missing = exported.flatMap(({ name, node }) =>
      typesIn(node).flatMap((type) => (names.includes(type) ? [] : [`${name} names ${type}`])),
    );
    expect(missing).toEqual([]);
  });

  it('show how each function, module and service is used', () => {
    const used = exported.filter(({ node }) => ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node));
    expect(namesOf(used.filter(({ name, doc }) => !name.endsWith('Error') && !doc.includes('@example')))).toEqual([]);
  });

  it('name the default of each option that may be left out', () => {
    const optional = members.filter(
      ({ name, node }) => name.includes('Options.') && (node as ts.PropertySignature).questionToken,
    );
    expect(namesOf(optional.filter(({ doc }) => !doc.includes('@default')))).toEqual([]);
  });

  it('name the unit of each time and size', () => {
    const sized = members.filter(({ name }) => /(?:Ms|Bytes)$/.test(name));
    expect(sized.length).toBeGreaterThan(15);
    expect(namesOf(sized.filter(({ doc }) => !/\bmilliseconds\b|\bbytes\b/i.test(doc)))).toEqual([]);
  });

  it('name what is thrown', () => {
    const throwing = [...exported, ...members].filter(({ node }) => isCode(node) && throws(node));
    expect(throwing.length).toBeGreaterThan(5);
    expect(namesOf(throwing.filter(({ doc }) => !doc.includes('@throws')))).toEqual([]);
  });
});
