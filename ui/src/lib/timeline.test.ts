import { describe, expect, it } from "vitest";
import { changeAfter, changeBefore, partOf, spanFor, startOf, windowOf, written } from "./timeline";

const now = Date.parse("2026-11-21T13:00:10Z");

describe("the slider over the past", () => {
  it("shows an hour, what was chosen, or as much as the moment needs", () => {
    expect(spanFor(undefined, undefined, now)).toBe("1h");
    expect(spanFor("7d", undefined, now)).toBe("7d");
    expect(spanFor("1h", now - 2 * 3_600_000, now)).toBe("6h");
    expect(spanFor("7d", now - 2 * 3_600_000, now)).toBe("7d");
    expect(spanFor(undefined, now - 400 * 86_400_000, now)).toBe("30d");
    expect(spanFor("nonsense", undefined, now)).toBe("1h");
  });

  it("stands still while a part lasts and holds now in the last one", () => {
    const w = windowOf("1h", now);
    expect(windowOf("1h", now + 15_000)).toEqual(w);
    expect(windowOf("1h", now + 31_000)).not.toEqual(w);
    expect(partOf(w, now)).toBe(w.parts - 1);
    expect(startOf(w, w.parts)).toBe(w.to);
    expect(w.to - w.from).toBe(3_600_000);
  });

  it("goes to the moment before the last changes, and after the next", () => {
    const w = windowOf("1h", now);
    const counts = Array.from({ length: w.parts }, (_, i) => (i === 10 || i === 50 ? 3 : 0));
    expect(changeBefore(w, counts, now)).toBe(startOf(w, 50));
    expect(changeBefore(w, counts, startOf(w, 50))).toBe(startOf(w, 10));
    expect(changeBefore(w, counts, startOf(w, 10))).toBeUndefined();
    expect(changeAfter(w, counts, startOf(w, 10))).toBe(startOf(w, 11));
    expect(changeAfter(w, counts, startOf(w, 11))).toBe(startOf(w, 51));
    expect(changeAfter(w, counts, startOf(w, 51))).toBeUndefined();
  });

  it("writes a moment to the second", () => expect(written(now + 250)).toBe("2026-11-21T13:00:10Z"));
});
