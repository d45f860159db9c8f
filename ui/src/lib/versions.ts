import { list } from "./count";

interface Version {
  type: "CREATED" | "UPDATED" | "DELETED" | "SEEN";
  meaningful: boolean;
  changedPaths: string[];
  status: string;
}

/** What happened to an object, in words: "Changed image and replicas". */
export function changeWords(v: Version): string {
  switch (v.type) {
    case "CREATED":
      return "Created";
    case "DELETED":
      return "Deleted";
    case "SEEN":
      return "First seen";
    case "UPDATED": {
      const names = [...new Set(v.changedPaths.map(pathWord))];
      if (!v.meaningful) return v.status ? `Status: ${v.status}` : "Status changed";
      if (names.length === 0) return "Changed";
      return names.length <= 3
        ? `Changed ${list(names)}`
        : `Changed ${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
    }
    default:
      return v.type satisfies never;
  }
}

/** The end of a path that says most: spec.template.spec.containers[app].image is image of app. */
export function pathWord(path: string): string {
  const container = /containers\[(?:name=)?([^\]]+)\]\.(\w+)/.exec(path);
  if (container?.[1] && container[2]) return `${container[2]} of ${container[1].replaceAll('"', "")}`;
  const meta = /^\.?metadata\.(labels|annotations)[.[](.+?)\]?$/.exec(path);
  if (meta?.[1] && meta[2]) return `${meta[1] === "labels" ? "label" : "annotation"} ${meta[2].replaceAll('"', "")}`;
  return path.replace(/^\.?(?:spec|metadata)\./, "").replace(/^template\.(?:spec|metadata)\./, "");
}
