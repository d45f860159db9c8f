interface Kind {
  group: string;
  resource: string;
  kind: string;
  shortNames: string[];
}

/** Whether two words name the same kind: deploy, Deployment, deployments and deployments.apps do. */
export function sameKind(kinds: readonly Kind[]): (a: string, b: string) => boolean {
  const names = new Map<string, string>();
  for (const k of kinds) {
    const words = [k.kind, k.resource, ...k.shortNames];
    for (const word of words) {
      const name = word.toLowerCase();
      if (!names.has(name)) names.set(name, k.kind.toLowerCase());
      if (k.group !== "") names.set(`${name}.${k.group.toLowerCase()}`, k.kind.toLowerCase());
    }
  }
  const meant = (word: string): string => names.get(word.toLowerCase()) ?? word.toLowerCase();
  return (a, b) => meant(a) === meant(b);
}
