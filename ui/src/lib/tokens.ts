/**
 * The query language as the bar sees it: enough to colour it and to edit one filter, never to decide what it means.
 * The hub's parser decides that.
 */
export type TokenType =
  "field" | "operator" | "value" | "string" | "regex" | "text" | "keyword" | "negation" | "paren" | "comma";

export interface Token {
  type: TokenType;
  from: number;
  to: number;
}

const operators = [":!", ":<=", ":>=", ":<", ":>", "!=", "==", "<=", ">=", ":", "=", "<", ">", "~"];

/** Splits a query into tokens; spaces are between them. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let i = 0;
  const push = (type: TokenType, to: number): void => {
    if (to > i) tokens.push({ type, from: i, to });
    i = to;
  };
  let depth = 0;
  /** Depth of a list that stands behind a field: ns:(shop OR pay). */
  let listDepth = 0;
  while (i < text.length) {
    const c = text.charAt(i);
    if (/\s/.test(c)) {
      i++;
    } else if (c === "(" || c === ")") {
      depth += c === "(" ? 1 : -1;
      if (c === ")" && depth < listDepth) listDepth = 0;
      push("paren", i + 1);
    } else if (c === ",") {
      push("comma", i + 1);
      value(push, text, () => i);
    } else if ((c === "-" || c === "!") && i + 1 < text.length && !/\s/.test(text.charAt(i + 1))) {
      push("negation", i + 1);
    } else if (listDepth === 0 && fieldLength(text, i) > 0) {
      push("field", i + fieldLength(text, i));
      const rest = text.slice(i);
      const op = operators.find((o) => rest.startsWith(o)) ?? "";
      push("operator", i + op.length);
      if (text.charAt(i) === "(") {
        depth++;
        listDepth = depth;
        push("paren", i + 1);
      } else value(push, text, () => i);
    } else if (c === '"') push(listDepth > 0 ? "value" : "string", quotedEnd(text, i));
    else if (c === "/" && listDepth === 0) push("regex", regexEnd(text, i));
    else {
      const end = bareEnd(text, i);
      const word = text.slice(i, end);
      if (word === "OR" || word === "AND" || word === "NOT") push("keyword", end);
      else push(listDepth > 0 ? "value" : "text", Math.max(end, i + 1));
    }
  }
  return tokens;
}

function value(push: (type: TokenType, to: number) => void, text: string, at: () => number): void {
  const from = at();
  const c = text.charAt(from);
  if (c === '"') push("string", quotedEnd(text, from));
  else if (c === "/") push("regex", regexEnd(text, from));
  else push("value", bareEnd(text, from));
}

/** Length of a field name at i that an operator follows, or 0. */
function fieldLength(text: string, i: number): number {
  const m = /^(?:[A-Za-z.][\w.\-/[\]*]*?(?:\."[^"]*")?)(?=:|!=|==?|<|>|~\S)/.exec(text.slice(i));
  return m ? m[0].length : 0;
}

function quotedEnd(text: string, from: number): number {
  let i = from + 1;
  while (i < text.length && text.charAt(i) !== '"') i += text.charAt(i) === "\\" ? 2 : 1;
  return Math.min(i + 1, text.length);
}

function regexEnd(text: string, from: number): number {
  let i = from + 1;
  while (i < text.length && text.charAt(i) !== "/") i += text.charAt(i) === "\\" ? 2 : 1;
  i = Math.min(i + 1, text.length);
  return text.charAt(i) === "i" ? i + 1 : i;
}

function bareEnd(text: string, from: number): number {
  let i = from;
  while (i < text.length && !/[\s(),"]/.test(text.charAt(i))) i += text.charAt(i) === "\\" ? 2 : 1;
  return Math.min(i, text.length);
}
