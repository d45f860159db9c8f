import { describe, expect, it } from "vitest";
import { conditionsOf } from "./conditions";
import { list, many, short } from "./count";
import { changedLines, parseDiff } from "./diff";
import { fixesOf } from "./fixes";
import { healthSentence } from "./health";
import { shortImage } from "./image";
import { withoutParts } from "./manifest";
import { bytesOfUnits, unitsOfBytes } from "./offsets";
import { formatParams, parseParams } from "./params";
import { groupTargets } from "./plan";
import { formatRef, paramsOf, parseRef, refOfParams } from "./ref";
import { age, ago, duration, moment, parseTime } from "./time";
import { familyOf, treeOf } from "./tree";
import { changeWords, pathWord } from "./versions";
import { action, before, now, row, target, version, yaml } from "../test/fixtures";

describe("ages are written as kubectl writes them", () => {
  const f = (seconds: number, want: string): void => it(want, () => expect(age(before(seconds), now)).toBe(want));
  f(0, "0s");
  f(119, "119s");
  f(125, "2m5s");
  f(180, "3m");
  f(5_400, "90m");
  f(12_000, "3h20m");
  f(40_000, "11h");
  f(190_000, "2d4h");
  f(86_400 * 40, "40d");
  f(86_400 * 740, "2y10d");
});

describe("how long ago, in words", () => {
  const f = (seconds: number, want: string): void => it(want, () => expect(ago(before(seconds), now)).toBe(want));
  f(1, "just now");
  f(40, "40 s ago");
  f(190, "3 min ago");
  f(7_200, "2 h ago");
  f(86_400 * 5, "5 days ago");
  it("never", () => expect(ago(null, now)).toBe("never"));
  it("a clock ahead of ours is now", () => expect(ago(before(-30), now)).toBe("just now"));
});

describe("times", () => {
  it("of another day carry the date", () => expect(moment(before(90_000), now)).toMatch(/20 Nov/));
  it("in the address are relative or absolute", () => {
    expect(parseTime("now-15m", now)?.toISOString()).toBe(before(900));
    expect(parseTime("-2h", now)?.toISOString()).toBe(before(7_200));
    expect(parseTime("2026-11-20T09:10Z", now)?.toISOString()).toBe("2026-11-20T09:10:00.000Z");
    expect(parseTime("yesterday", now)).toBeUndefined();
  });
  it("durations are short", () =>
    expect([duration(0.42), duration(84), duration(2_300)]).toEqual(["0.4 ms", "84 ms", "2.3 s"]));
});

describe("references and addresses", () => {
  for (const text of [
    "zone1:shop/deployments.apps/app2",
    "zone1:-/nodes/node-1",
    "z:ns/routes.example.io/a",
    "z:-/clusterroles.rbac.authorization.k8s.io/system:node",
  ]) {
    it(`${text} survives the way to a page's address and back`, () => {
      const ref = parseRef(text);
      expect(ref && formatRef(refOfParams(paramsOf(ref)))).toBe(text);
    });
  }
  it("no reference is undefined", () =>
    expect([parseRef(""), parseRef("a/b/c"), parseRef("a:b/c")]).toEqual([undefined, undefined, undefined]));
  for (const q of ["app:app2 status:!Ready", 'name:"a b" #1', "100", "true", "a+b", "a&b=c", "ü/ä?", "{}", "%41"]) {
    it(`the query ${q} survives the address`, () => expect(parseParams(formatParams({ q }).slice(1)).q).toBe(q));
  }
  it("empty parameters are left out", () => expect(formatParams({ q: "", from: undefined, tab: null })).toBe(""));
  it("common characters stay readable", () =>
    expect(formatParams({ q: "ns:shop,pay a/b" })).toBe("?q=ns:shop,pay+a/b"));
});

describe("positions in a query", () => {
  it("are bytes at the hub and units here", () => {
    const text = "ä€😀x";
    expect(bytesOfUnits(text, text.length)).toBe(new TextEncoder().encode(text).length);
    expect(unitsOfBytes(text, 9)).toBe(4);
    expect(unitsOfBytes(text, 99)).toBe(text.length);
  });
});

describe("fixes that the hub offers", () => {
  it("replace the whole term by a term", () => {
    const fixes = fixesOf(
      "x nginx:1.27 y",
      'Write image:"nginx:1.27" for an image, or "nginx:1.27" for the text.',
      2,
      7,
    );
    expect(fixes.map((f) => f.query)).toEqual(['x image:"nginx:1.27" y', 'x "nginx:1.27" y']);
  });
  it("replace a value by a value", () =>
    expect(fixesOf("cluster:zone9 x", "Did you mean zone1?", 8, 13)[0]?.query).toBe("cluster:zone1 x"));
  it("keep a minus", () =>
    expect(
      fixesOf("-nss:shop", 'Did you mean ns:shop? To search for the text, write "nss:shop".', 1, 4).map((f) => f.query),
    ).toEqual(["-ns:shop", '-"nss:shop"']));
  it("are none in a sentence that only explains", () => expect(fixesOf("a:(", "Write a:(b OR c).", 0, 2)).toEqual([]));
});

describe("health in a sentence", () => {
  const f = (change: Parameters<typeof row>[0], want: string): void =>
    it(want, () => expect(healthSentence(row(change), now)).toBe(want));
  f({}, "All 5 replicas ready. Last change 3 min ago by kubectl-client-side-apply.");
  f(
    { health: "DEGRADED", status: "Degraded", readyReplicas: 2, reasons: ["ProgressDeadlineExceeded"], changedBy: "" },
    "2 of 5 ready: ProgressDeadlineExceeded. Last change 3 min ago.",
  );
  f({ replicas: 0, readyReplicas: 0, health: "SUSPENDED", changedBy: "" }, "Scaled to zero. Last change 3 min ago.");
  f(
    { replicas: null, readyReplicas: null, health: "FAILED", status: "CrashLoopBackOff", restarts: 1, changedBy: "" },
    "Failed: CrashLoopBackOff; 1 restart. Last change 3 min ago.",
  );
  f({ deletedAt: before(60) }, "Deleted 60 s ago.");
});

describe("conditions", () => {
  it("that are not as wanted come first, and pressure is bad news", () => {
    const found = conditionsOf({
      status: {
        conditions: [
          { type: "Ready", status: "True" },
          { type: "MemoryPressure", status: "True" },
          { type: "X", status: "Unknown" },
        ],
      },
    });
    expect(found.map((c) => [c.type, c.good])).toEqual([
      ["MemoryPressure", false],
      ["X", undefined],
      ["Ready", true],
    ]);
  });
  it("of anything else are none", () =>
    expect([conditionsOf(null), conditionsOf({ status: { conditions: "no" } })]).toEqual([[], []]));
});

describe("changes in words", () => {
  it("name what changed", () => {
    expect(changeWords(version())).toBe("Changed image of app");
    expect(changeWords(version({ changedPaths: ["spec.replicas", "metadata.labels[tier]"] }))).toBe(
      "Changed replicas and label tier",
    );
    expect(changeWords(version({ changedPaths: ["spec.a", "spec.b", "spec.c", "spec.d"] }))).toBe(
      "Changed a, b and 2 more",
    );
    expect(changeWords(version({ meaningful: false }))).toBe("Status: Degraded");
    expect(changeWords(version({ type: "DELETED" }))).toBe("Deleted");
  });
  it("paths are cut to what says most", () =>
    expect(pathWord("spec.template.spec.nodeSelector.disk")).toBe("nodeSelector.disk"));
});

describe("diffs", () => {
  const text = "--- a\n+++ b\n@@ -1,3 +1,3 @@\n a: 1\n-b: 2\n+b: 3\n --- c\n@@ -9 +9 @@\n--- x\n+++ y\n";
  it("have numbered lines, and lines that look like headers are lines", () =>
    expect(parseDiff(text).map((l) => `${l.type} ${l.before ?? ""} ${l.after ?? ""} ${l.text}`)).toEqual([
      "hunk   @@ -1,3 +1,3 @@",
      "same 1 1 a: 1",
      "removed 2  b: 2",
      "added  2 b: 3",
      "same 3 3 --- c",
      "hunk   @@ -9 +9 @@",
      "removed 9  -- x",
      "added  9 ++ y",
    ]));
  it("are counted", () => expect(changedLines(text)).toEqual({ added: 2, removed: 2 }));
});

describe("manifests", () => {
  const text = yaml("app2:1.0", 5);
  it("lose status and managed fields on demand, and nothing else", () => {
    const cut = withoutParts(text, { status: true, managedFields: true });
    expect(cut).not.toContain("managedFields");
    expect(cut).not.toContain("fieldsV1");
    expect(cut).not.toContain("readyReplicas");
    expect(cut).toContain("  name: app2");
    expect(cut).toContain("memory: 256Mi");
    expect(withoutParts(text, { status: false, managedFields: false })).toBe(text);
  });
});

describe("plans", () => {
  it("group targets that change alike, blocked ones last", () => {
    const groups = groupTargets(action().targets);
    expect(groups.map((g) => [g.title, g.targets.length])).toEqual([
      ["replicas 5 -> 3", 2],
      ["Left out", 1],
    ]);
  });
  it("do not care for the names in a diff's header", () =>
    expect(
      groupTargets([
        target({ diff: "--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n" }),
        target({ ref: "b", diff: "--- b\n+++ b\n@@ -1 +1 @@\n-x\n+y\n" }),
      ]),
    ).toHaveLength(1));
});

describe("trees", () => {
  const node = (ref: string, level = 0) => ({ ref, level });
  const owns = (from: string, to: string) => ({ from, to, type: "owns" });
  const shape = (items: ReturnType<typeof treeOf>): string =>
    items.map((i) => (i.children.length > 0 ? `${i.node.ref}(${shape(i.children)})` : i.node.ref)).join(" ");
  it("stand under their owners", () =>
    expect(
      shape(treeOf([node("pod", 1), node("rs"), node("deploy", -1)], [owns("deploy", "rs"), owns("rs", "pod")])),
    ).toBe("deploy(rs(pod))"));
  it("show a node of two owners once, and end in a circle", () => {
    expect(shape(treeOf([node("a"), node("b"), node("c")], [owns("a", "c"), owns("b", "c")]))).toBe("a(c) b");
    expect(shape(treeOf([node("a"), node("b")], [owns("a", "b"), owns("b", "a")]))).toBe("a(b)");
  });
  it("are of ownership: other relations neither add a node nor move one", () => {
    const nodes = [node("pod"), node("rs", -1), node("service", -1), node("config", 1), node("other", -1)];
    const edges = [
      { from: "service", to: "pod", type: "selects" },
      { from: "pod", to: "config", type: "uses" },
      { from: "rs", to: "config", type: "uses" },
      owns("rs", "pod"),
      owns("other", "service"),
    ];
    expect(shape(treeOf(familyOf(nodes, edges, "pod"), edges))).toBe("rs(pod)");
    expect(shape(treeOf(familyOf(nodes, edges, "config"), edges))).toBe("config");
  });
});

describe("small words", () => {
  it("images keep name and tag", () => {
    expect(shortImage("registry.example:5000/shop/app2:2.0")).toBe("app2:2.0");
    expect(shortImage("a/nginx@sha256:abcdef0123456789")).toBe("nginx@abcdef01");
    expect(shortImage("nginx:1.27@sha256:abcdef0123456789")).toBe("nginx:1.27");
  });
  it("counts are grouped", () =>
    expect([many(1, "cluster"), many(1_201, "result"), short(9_999), short(12_345)]).toEqual([
      "1 cluster",
      "1,201 results",
      "9,999",
      "12.3K",
    ]));
  it("lists end with and", () =>
    expect([list([]), list(["a"]), list(["a", "b", "c"])]).toEqual(["", "a", "a, b and c"]));
});
