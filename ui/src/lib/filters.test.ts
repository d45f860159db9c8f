import { describe, expect, it } from "vitest";
import {
  choiceOf,
  clearField,
  directive,
  toggleExclude,
  toggleInclude,
  withDirective,
  without,
  written,
} from "./filters";

describe("including a facet's value", () => {
  const f = (query: string, field: string, value: string, want: string): void =>
    it(`${query || "nothing"} + ${field} ${value} is ${want || "nothing"}`, () =>
      expect(toggleInclude(query, field, value)).toBe(want));

  f("", "ns", "shop", "ns:shop");
  f("checkout", "ns", "shop", "checkout ns:shop");
  f("ns:shop", "ns", "pay", "ns:shop,pay");
  f("namespace:shop", "ns", "pay", "namespace:shop,pay");
  f("ns:shop,pay", "ns", "shop", "ns:pay");
  f("ns:shop x", "ns", "shop", "x");
  f("-ns:shop", "ns", "shop", "ns:shop");
  f("-ns:shop,pay", "ns", "shop", "-ns:pay ns:shop");
  f("a OR b", "ns", "shop", "(a OR b) ns:shop");
  f("(ns:shop OR ns:pay)", "ns", "shop", "(ns:shop OR ns:pay) ns:shop");
  f("ns:(shop OR pay)", "ns", "shop", "ns:(shop OR pay) ns:shop");
  f("", "image", "registry.example/shop/app2:2.0", "image:registry.example/shop/app2:2.0");
  f("", "status", "Ready,SchedulingDisabled", 'status:"Ready,SchedulingDisabled"');
  f('status:"Ready,SchedulingDisabled"', "status", "Ready,SchedulingDisabled", "");
  f("status:running", "status", "Running", "");
  f('"ns:shop is text"', "ns", "shop", '"ns:shop is text" ns:shop');
});

describe("excluding a facet's value", () => {
  const f = (query: string, field: string, value: string, want: string): void =>
    it(`${query || "nothing"} - ${field} ${value} is ${want || "nothing"}`, () =>
      expect(toggleExclude(query, field, value)).toBe(want));

  f("", "ns", "shop", "-ns:shop");
  f("ns:shop,pay", "ns", "shop", "ns:pay -ns:shop");
  f("-ns:shop", "ns", "shop", "");
  f("ns:!shop", "ns", "shop", "");
  f("label.team:web", "label.team", "web", "-label.team:web");
  f("l.team=web", "label.team", "web", "-label.team:web");
  f('label."app.kubernetes.io/name":web', "label.app.kubernetes.io/name", "web", "-label.app.kubernetes.io/name:web");
  f("ns!=shop", "ns", "shop", "");
});

describe("how a value stands in the query", () => {
  const f = (query: string, field: string, value: string, want: string): void =>
    it(`${query}: ${field} ${value} is ${want}`, () => expect(choiceOf(query, field, value)).toBe(want));

  f("k:Pod", "kind", "Pod", "included");
  f("-kind:Pod", "kind", "Pod", "excluded");
  f("kind:!Pod", "kind", "Pod", "excluded");
  f("-kind:!Pod", "kind", "Pod", "included");
  f("kind:Pod OR x", "kind", "Pod", "none");
  f("(kind:Pod)", "kind", "Pod", "none");
  f("NOT kind:Pod", "kind", "Pod", "none");
  f("name:Pod", "kind", "Pod", "none");
});

describe("directives", () => {
  it("a sort is set, replaced and taken away", () => {
    expect(withDirective("x", "sort", "age-asc")).toBe("x sort:age-asc");
    expect(withDirective("x sort:age-asc", "sort", "name-desc")).toBe("x sort:name-desc");
    expect(withDirective("sort:age-asc x", "sort", "")).toBe("x");
    expect(directive("x sort:age-asc", "sort")).toBe("age-asc");
  });
  it("a moment is read as it is written", () => {
    expect(directive("at:-2h x", "at")).toBe("-2h");
    expect(directive("x at:2026-11-20T09:10:00Z", "at")).toBe("2026-11-20T09:10:00Z");
    expect(directive("look at that", "at")).toBe("");
    expect(withDirective("x", "at", "2026-11-20T09:10:00Z")).toBe("x at:2026-11-20T09:10:00Z");
  });
  it("what was deleted may be a value or a time", () => {
    expect(directive("deleted:true", "deleted")).toBe("true");
    expect(directive("deleted<1h ns:shop", "deleted")).toBe("<1h");
    expect(withDirective("deleted<1h ns:shop", "deleted", "any")).toBe("ns:shop deleted:any");
  });
  it("groups are a list", () => expect(directive("k:po group:cluster,ns", "group")).toBe("cluster,ns"));
  it("stand beside an OR", () => {
    expect(directive("a OR b sort:name", "sort")).toBe("name");
    expect(withDirective("a OR b", "at", "-1h")).toBe("(a OR b) at:-1h");
    expect(withDirective("(a OR b) at:-1h", "at", "")).toBe("(a OR b)");
  });
  it("several go at once", () => expect(without("a at:-1h b sort:name limit:5", ["at", "sort", "limit"])).toBe("a b"));
  it("all filters on a field go at once", () => expect(clearField("a ns:shop -ns:pay b", "ns")).toBe("a b"));
});

describe("values as they are written", () => {
  it("plain ones stay", () => expect(written("kube-system")).toBe("kube-system"));
  it("ones with meaning are quoted", () => {
    for (const v of ["a b", "a,b", 'a"b', "a*", "", "1..2", "/x/", "<5", "!x"]) expect(written(v)).toMatch(/^".*"$/);
  });
});
