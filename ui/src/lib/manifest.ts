/** Leaves parts out of a manifest's YAML by their indentation, so that no parser has to be loaded for it. */
export function withoutParts(yaml: string, hide: { status: boolean; managedFields: boolean }): string {
  const out: string[] = [];
  let skipIndent = -1;
  for (const line of yaml.split("\n")) {
    const indent = line.length - line.trimStart().length;
    if (skipIndent >= 0) {
      const listItem = line.trimStart().startsWith("- ") && indent === skipIndent;
      if (line.trim() === "" || indent > skipIndent || listItem) continue;
      skipIndent = -1;
    }
    if ((hide.status && line.startsWith("status:")) || (hide.managedFields && line.startsWith("  managedFields:"))) {
      skipIndent = indent;
      continue;
    }
    out.push(line);
  }
  return out.join("\n");
}
