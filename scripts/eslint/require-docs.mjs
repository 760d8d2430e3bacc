// @ts-check
/** ESLint rule: what a module exports has a documentation comment, and so have the public methods of its classes. */

/** @typedef {import("eslint").Rule.Node} Node */
/** @typedef {{ type: string, accessibility?: string, kind?: string, override?: boolean, computed?: boolean, key?: { type: string, name?: string, object?: { name?: string } } }} Member */

const DOCUMENTED = new Set([
  "FunctionDeclaration",
  "ClassDeclaration",
  "VariableDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
]);

/** @type {import("eslint").Rule.RuleModule} */
export const requireDocs = {
  meta: {
    type: "suggestion",
    docs: { description: "exported functions, classes, types and constants have a documentation comment" },
    messages: { missing: "{{name}} is exported and has no documentation comment (/** … */)." },
    schema: [],
  },
  create(context) {
    const source = context.sourceCode;
    /**
     * @param {Node} node where the comment has to end
     * @param {string} name
     */
    const check = (node, name) => {
      const comment = source.getCommentsBefore(node).at(-1);
      if (comment?.type === "Block" && comment.value.startsWith("*")) return;
      context.report({ node, messageId: "missing", data: { name } });
    };
    return {
      ExportNamedDeclaration(node) {
        const declaration = node.declaration;
        if (!declaration || !DOCUMENTED.has(declaration.type) || isOverload(node)) return;
        check(node, source.getText(declaration).split(/[(={<]/)[0]?.trim() ?? "");
        if (declaration.type !== "ClassDeclaration") return;
        for (const member of declaration.body.body) {
          if (isPublicMethod(/** @type {Member} */ (member))) check(/** @type {Node} */ (member), source.getText(member).split("(")[0] ?? "");
        }
      },
    };
  },
};

/**
 * Whether an earlier signature of the same function, which has the comment, stands right before.
 * @param {Node} node
 */
function isOverload(node) {
  const { body = [] } = /** @type {{ body?: { declaration?: { type: string } }[] }} */ (node.parent);
  const siblings = Array.isArray(body) ? body : [];
  const before = siblings[siblings.indexOf(/** @type {never} */ (node)) - 1];
  return before?.declaration?.type === "TSDeclareFunction";
}

/** @param {Member} member */
function isPublicMethod(member) {
  if (member.type !== "MethodDefinition" || member.kind !== "method") return false;
  if (member.accessibility === "private" || member.accessibility === "protected" || member.override === true) return false;
  // `[Symbol.asyncDispose]()` and the like do what their name says.
  return !member.computed && member.key?.type !== "PrivateIdentifier";
}
