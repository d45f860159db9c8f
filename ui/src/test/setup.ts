import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// The first page of a file loads its modules, which takes a while on a busy machine.
configure({ asyncUtilTimeout: 8_000 });

// happy-dom lays nothing out: lists that show what is visible need a size.
Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, get: () => 800 });
Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, get: () => 1200 });

// Testing Library's clean-up needs test globals, which there are none of here.
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
  sessionStorage.clear();
});
