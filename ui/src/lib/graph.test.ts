import { describe, expect, it } from "vitest";
import { affected, box, fit, kindsOf, needed, next, pathOf, reveal, zoom } from "./graph";

const at = (ref: string, x: number, y: number) => ({ ref, x, y });
const edges = [
  { from: "deploy", to: "rs", type: "owns" },
  { from: "rs", to: "pod", type: "owns" },
  { from: "pod", to: "secret", type: "uses" },
  { from: "svc", to: "pod", type: "selects" },
];

describe("a graph", () => {
  it("tells what an object needs from what needs it", () => {
    expect([...needed(edges, "pod")]).toEqual(["secret"]);
    expect([...affected(edges, "secret")].toSorted()).toEqual(["deploy", "pod", "rs", "svc"]);
    expect([...needed([...edges, { from: "secret", to: "deploy", type: "owns" }], "pod")]).not.toContain("pod");
  });

  it("hits with an owner what it owns and who needs that, but not what is owned beside it", () => {
    expect([...affected(edges, "deploy")].toSorted()).toEqual(["pod", "rs", "svc"]);
    const two = [...edges, { from: "rs", to: "pod2", type: "owns" }, { from: "pod", to: "node", type: "node" }];
    expect([...affected(two, "node")].toSorted()).toEqual(["deploy", "pod", "rs", "svc"]);
  });

  it("counts them by kind", () => {
    const nodes = ["a", "b", "c"].map((ref) => ({ ref, kind: ref === "c" ? "Deployment" : "Pod" }));
    expect(kindsOf(nodes, new Set(["a", "b", "c"]))).toEqual([
      ["Pod", 2],
      ["Deployment", 1],
    ]);
  });

  it("is walked by arrow keys", () => {
    const a = at("a", 0, 0);
    const nodes = [a, at("b", 310, 0), at("c", 310, 62), at("d", 620, 0), at("e", 0, 62)];
    expect(next(nodes, a, "right")?.ref).toBe("b");
    expect(next(nodes, a, "down")?.ref).toBe("e");
    expect(next(nodes, a, "left")).toBeUndefined();
    expect(next(nodes, at("d", 620, 0), "left")?.ref).toBe("b");
  });

  it("draws edges from side to side, and around when they lead back", () => {
    expect(pathOf(at("a", 0, 0), at("b", 310, 0))).toBe("M220 24 C265 24 265 24 310 24");
    expect(pathOf(at("b", 310, 0), at("a", 0, 0))).toMatch(/^M530 24 C/);
  });

  it("leads a long edge around the boxes between", () => {
    const bends = [
      { x: 310, y: 90 },
      { x: 530, y: 90 },
    ];
    expect(pathOf(at("a", 0, 0), at("c", 620, 0), bends)).toBe(
      "M220 24 C265 24 265 90 310 90 H530 C575 90 575 24 620 24",
    );
  });

  it("fits the window, or shows the middle of what is too large", () => {
    const window = { width: 1000, height: 600 };
    expect(fit({ width: 500, height: 300 }, window, undefined)).toEqual({ scale: 1, x: 250, y: 150 });
    const large = fit({ width: 9000, height: 5000 }, window, at("a", 4000, 2000));
    expect(large.scale).toBe(0.75);
    expect(large.x + (4000 + box.width / 2) * 0.75).toBe(500);
  });

  it("zooms around the pointer, within limits", () => {
    const v = zoom({ x: 0, y: 0, scale: 1 }, 2, { x: 100, y: 100 });
    expect(v).toEqual({ scale: 2, x: -100, y: -100 });
    expect(zoom(v, 10, { x: 0, y: 0 }).scale).toBe(2);
  });

  it("moves no more than it must to show a box", () => {
    const view = { x: 0, y: 0, scale: 1 };
    const window = { width: 1000, height: 600 };
    expect(reveal(view, at("a", 300, 300), window)).toEqual(view);
    expect(reveal(view, at("a", -100, 590), window)).toEqual({ scale: 1, x: 116, y: -54 });
  });
});
