import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { CloudOff, Command, Radio } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { ApiError } from "../api/error";
import { viewer } from "../api/clusters";
import { useKeys } from "../components/keys";
import { focusQueryBar, QueryBar } from "../components/QueryBar";
import { rememberQuery, set, useSettings } from "../components/settings";
import { places } from "./places";
import { TaskTray } from "./TaskTray";
import { UserMenu } from "./UserMenu";

const KeySheet = lazy(async () => ({ default: (await import("./KeySheet")).KeySheet }));
const Palette = lazy(async () => ({ default: (await import("./Palette")).Palette }));

/** What stands around every page: the bar, the rail, the tray of running actions. */
export function Frame() {
  const navigate = useNavigate();
  const here = useRouterState({ select: (s) => s.location });
  const search = here.search as { q?: string };
  const { live } = useSettings();
  const [sheet, setSheet] = useState(false);
  const [palette, setPalette] = useState(false);
  const who = useQuery(viewer());
  const away = who.error instanceof ApiError && who.error.offline;

  const run = (query: string): void => {
    rememberQuery(query);
    if (here.pathname === "/changes")
      void navigate({ to: "/changes", search: (s: Record<string, unknown>) => ({ ...s, q: query || undefined }) });
    else void navigate({ to: "/search", search: { q: query || undefined } });
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
        return;
      event.preventDefault();
      event.stopPropagation();
      setPalette((is) => !is);
    };
    // Before the editors, which know the key too.
    document.addEventListener("keydown", onKey, { capture: true });
    return () => document.removeEventListener("keydown", onKey, { capture: true });
  }, []);
  useKeys({
    "/": focusQueryBar,
    "?": () => setSheet(true),
    "g s": () => void navigate({ to: "/search" }),
    "g h": () => void navigate({ to: "/changes" }),
    "g c": () => void navigate({ to: "/clusters" }),
    "g x": () => void navigate({ to: "/actions" }),
    "g u": () => void navigate({ to: "/audit" }),
    "g a": () => void navigate({ to: "/apply" }),
  });

  return (
    <div className="grid h-full grid-cols-[minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)_auto] sm:grid-cols-[4.5rem_minmax(0,1fr)] sm:grid-rows-[auto_minmax(0,1fr)]">
      <a
        href="#page"
        className="visually-hidden focus:not-[.x]:fixed focus:top-2 focus:left-2 focus:z-50 focus:h-auto focus:w-auto focus:bg-surface focus:p-2 focus:[clip-path:none]"
      >
        Skip to the page
      </a>
      <header className="flex items-center gap-2 border-b border-line bg-surface px-2 py-1.5 sm:col-span-2 sm:gap-3 sm:px-3">
        <Link
          to="/search"
          className="flex shrink-0 items-center gap-2 font-semibold tracking-tight"
          aria-label="Foretop, to the search"
        >
          <img src="/favicon.svg" alt="" className="size-7" />
          <span className="hidden text-base md:inline">Foretop</span>
        </Link>
        <QueryBar
          value={here.pathname === "/search" || here.pathname === "/changes" ? (search.q ?? "") : ""}
          page={here.pathname === "/changes" ? "changes" : "resources"}
          onRun={run}
        />
        <button
          type="button"
          aria-label="Go to anything"
          aria-keyshortcuts="Control+K Meta+K"
          title="Go to anything (Ctrl+K, ⌘K)"
          className="grid size-9 shrink-0 place-items-center rounded-lg border border-edge/60 text-muted hover:bg-hover hover:text-ink"
          onClick={() => setPalette(true)}
        >
          <Command className="size-4" aria-hidden />
        </button>
        <button
          type="button"
          aria-pressed={live}
          title={
            live
              ? "Live: lists change as the clusters do. Click to hold still."
              : "Held still. Click to follow the clusters."
          }
          onClick={() => set({ live: !live })}
          className={`inline-flex h-9 shrink-0 items-center gap-1.5 rounded-lg border px-2.5 text-sm ${live ? "border-good/60 text-good" : "border-edge/60 text-muted"}`}
        >
          <Radio className="size-4" aria-hidden />
          <span className="hidden lg:inline">{live ? "Live" : "Held"}</span>
          <span className="visually-hidden lg:hidden">Live</span>
        </button>
        <UserMenu viewer={who.data} onKeys={() => setSheet(true)} />
      </header>
      <nav
        aria-label="Pages"
        className="order-3 flex justify-around border-t border-line bg-surface sm:order-none sm:flex-col sm:justify-start sm:gap-1 sm:border-t-0 sm:border-r sm:py-2"
      >
        {places.map(({ to, word, icon: Icon, key }) => (
          <Link
            key={to}
            to={to}
            title={`${word} (${key})`}
            activeOptions={{ exact: false, includeSearch: false }}
            className="mx-1 flex flex-1 flex-col items-center gap-0.5 rounded-lg px-1 py-1.5 text-[0.6875rem] text-muted hover:bg-hover hover:text-ink sm:flex-none"
            activeProps={{ className: "bg-accent-soft text-accent! font-semibold" }}
          >
            <Icon className="size-5" aria-hidden />
            {word}
          </Link>
        ))}
      </nav>
      <main id="page" tabIndex={-1} className="relative flex min-h-0 min-w-0 flex-col outline-none">
        {away && (
          <div
            role="alert"
            className="flex items-center gap-2 border-b border-bad/40 bg-bad-soft px-3 py-1.5 text-sm in-[main:has([data-offline])]:hidden"
          >
            <CloudOff className="size-4 shrink-0 text-bad" aria-hidden />
            <span>The hub does not answer. What you see may be old; this page tries again every 3 s.</span>
          </div>
        )}
        <div className="min-h-0 grow">
          <Outlet />
        </div>
        <TaskTray />
      </main>
      {palette && (
        <Suspense>
          <Palette open onClose={() => setPalette(false)} onKeys={() => setSheet(true)} />
        </Suspense>
      )}
      {sheet && (
        <Suspense>
          <KeySheet open onClose={() => setSheet(false)} />
        </Suspense>
      )}
    </div>
  );
}
