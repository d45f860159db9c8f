import { describe, expect, it } from "vitest";
import { like, looksLikeQuery, wordsOf } from "./words";

describe("words that somebody types", () => {
  it("stay words in a query, whatever they are", () => {
    expect(wordsOf("app2 zone1")).toBe("app2 zone1");
    expect(wordsOf("app2:1.0")).toBe('"app2:1.0"');
    expect(wordsOf('-x "y')).toBe('"-x" "\\"y"');
    expect(wordsOf("a OR b")).toBe('a "OR" b');
    expect(wordsOf("  ")).toBe("");
  });
  it("are told from the language", () => {
    for (const q of ["ns:shop", "restarts>5", "a OR b", '"x"', "name=y", "(a b)", "api*"])
      expect(looksLikeQuery(q)).toBe(true);
    for (const q of ["app2", "checkout web", "a:", "kube-system", "zone1 app2"]) expect(looksLikeQuery(q)).toBe(false);
  });
  it("are found in any order", () => {
    expect(like("Broken in shop", "shop bro")).toBe(true);
    expect(like("Broken in shop", "pay")).toBe(false);
    expect(like("anything", "")).toBe(true);
  });
});
