import { isMap, isPair, isScalar, Document, visit, type Pair } from 'yaml';
import { validatePolicy, POLICY_PARTS, policyFields, type Policy } from '#lifecycle';
import { rejected } from '../exit-codes.js';
import { readDocument } from '../read-document.js';
import { issueLines } from '../terminal/issue-lines.js';

/**
 * Reads a policy from a file: JSON, or YAML with comments.
 * @throws CliError where the file cannot be read or holds no valid policy, with every issue
 */
export async function readPolicyFile(file: string): Promise<Policy> {
  const verdict = validatePolicy((await readDocument(file)).value);
  if (verdict.ok) return verdict.policy;
  throw rejected(`${file} is not a valid policy:${issueLines(verdict.errors)}`);
}

const HEAD = ` The policy of the business: the rules by which customers move through the lifecycle.
 Check it with:    perennial policy validate FILE
 Publish it with:  perennial policy publish FILE
 Before the first touchpoint it counts for all of the past; later from the day on which you publish it, or from --effective-from.
 docs/policy.md explains every field.`;

const COMMENT_WIDTH = 110;

/** A policy as YAML in which each field is explained. */
export function commentedPolicy(policy: Policy): string {
  const document = new Document(JSON.parse(JSON.stringify(policy)), { aliasDuplicateObjects: false });
  document.commentBefore = HEAD;
  const meanings = new Map<string, string>();
  // Of two fields at one place, as in the two kinds of silence, the one that the policy has comes first or has the only value.
  for (const { path, meaning, example } of policyFields())
    if (!meanings.has(path) || example === JSON.stringify(valueAt(policy, path))) meanings.set(path, meaning);
  const explained = new Set<string>();
  visit(document, {
    Pair(_, pair, parents) {
      const path = [...parents.filter(isPair), pair].map(keyOf).join('.');
      const meaning = POLICY_PARTS[path] ?? meanings.get(path);
      if (meaning === undefined || explained.has(path) || !isScalar(pair.key)) return;
      explained.add(path);
      pair.key.commentBefore = wrapped(meaning);
      if (!path.includes('.') && path !== 'name') pair.key.spaceBefore = true;
    },
    Map(_, map, parents) {
      // What a touchpoint signals, and what a rung needs, are short: one line each.
      const top = parents.find(isPair);
      if (top !== undefined && ['signals', 'ladder'].includes(keyOf(top)) && parents.filter(isMap).length > 1)
        map.flow = true;
    },
    Seq(_, seq, parents) {
      const top = parents.find(isPair);
      if (top !== undefined && ['signals', 'taxonomy'].includes(keyOf(top))) seq.flow = true;
    },
  });
  return document.toString({ lineWidth: COMMENT_WIDTH, flowCollectionPadding: true });
}

const keyOf = (pair: Pair<unknown, unknown>): string => (isScalar(pair.key) ? String(pair.key.value) : '');

function valueAt(document: unknown, path: string): unknown {
  let at = document;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[step];
  }
  return at;
}

/** A comment over several lines, each with a blank in front. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.length + word.length > COMMENT_WIDTH) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
