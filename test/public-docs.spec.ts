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

/** What users can reach of a class or an interface. */
function membersOf({ name, node }: Documented): Documented[] {
  if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node)) return [];
  return [...(node.members as Iterable<ts.ClassElement | ts.TypeElement>)].flatMap((member) => {
    const doc = docOf(member);
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
    if (ts.getCombinedModifierFlags(member) & hidden || doc.includes('@internal')) return [];
    if (!member.name || ts.isPrivateIdentifier(member.name)) return [];
    return [{ name: `${name}.${member.name.getText()}`, node: member, doc }];
  });
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
