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

const serverSet =
  /^ {2}(?:uid|resourceVersion|generation|creationTimestamp|selfLink|deletionTimestamp|deletionGracePeriodSeconds): /;
const foreignAnnotation =
  /^ {4}"?(?:kubectl\.kubernetes\.io\/last-applied-configuration|deployment\.kubernetes\.io\/revision|foretop\.io\/redacted-keys)"?:/;

/**
 * A stored manifest as one to apply: without status and what servers and controllers write. Like withoutParts it goes by
 * indentation, which is the hub's own.
 */
export function toApply(yaml: string): string {
  const out: string[] = [];
  let skip = -1;
  let inMetadata = false;
  for (const line of withoutParts(yaml, { status: true, managedFields: true }).split("\n")) {
    const indent = line.length - line.trimStart().length;
    if (skip >= 0) {
      if (line.trim() === "" || indent > skip) continue;
      skip = -1;
    }
    if (indent === 0 && line !== "") inMetadata = line.startsWith("metadata:");
    if (inMetadata && serverSet.test(line)) continue;
    if (inMetadata && foreignAnnotation.test(line)) {
      skip = indent;
      continue;
    }
    out.push(line);
  }
  return `${out
    .join("\n")
    .replace(/^ {2}annotations:\n(?! {4})/m, "")
    .trimEnd()}\n`;
}

/** What the hub writes in place of what is secret. */
export const redacted = "[redacted]";
