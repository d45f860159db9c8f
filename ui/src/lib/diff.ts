export interface DiffLine {
  type: "same" | "added" | "removed" | "hunk";
  text: string;
  /** Line numbers in the old and the new text. */
  before?: number;
  after?: number;
}

/** The lines of a unified diff; its file headers are left out. */
export function parseDiff(text: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let before = 0;
  let after = 0;
  let inHunk = false;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (hunk) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      inHunk = true;
      lines.push({ type: "hunk", text: line });
    } else if (!inHunk && (line.startsWith("---") || line.startsWith("+++"))) continue;
    else if (line.startsWith("+")) lines.push({ type: "added", text: line.slice(1), after: after++ });
    else if (line.startsWith("-")) lines.push({ type: "removed", text: line.slice(1), before: before++ });
    else if (line.startsWith("\\")) continue;
    else if (line !== "" || inHunk) lines.push({ type: "same", text: line.slice(1), before: before++, after: after++ });
  }
  return lines;
}

export function changedLines(text: string): { added: number; removed: number } {
  const lines = parseDiff(text);
  return {
    added: lines.filter((l) => l.type === "added").length,
    removed: lines.filter((l) => l.type === "removed").length,
  };
}
