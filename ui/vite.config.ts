import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const hub = process.env.FORETOP_SERVER ?? "http://127.0.0.1:7080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }, // the policy allows no inline script, and every target browser preloads
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      "/graphql": { target: hub, ws: true },
      "/login": { target: hub, bypass: pageOnGet },
      "/logout": hub,
      "/api": hub,
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}", "scripts/**/*.test.mjs"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    testTimeout: 15_000,
  },
});

// GET /login is the page, POST /login is the hub.
function pageOnGet(request: { method?: string }): string | undefined {
  return request.method === "GET" ? "/index.html" : undefined;
}
