import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type RouterHistory,
} from "@tanstack/react-router";
import { formatParams, parseParams, text } from "../lib/params";
import { Frame } from "./Frame";
import { Crash } from "./Crash";
import { NotFound } from "./NotFound";

const root = createRootRouteWithContext<{ client: QueryClient }>()({ component: Outlet, notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (s: Record<string, unknown>): { next?: string } => ({ next: text(s.next) }),
  component: lazyRouteComponent(() => import("../pages/LoginPage"), "LoginPage"),
});

const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Frame });

const home = createRoute({
  getParentRoute: () => frame,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/search", replace: true });
  },
});

const search = createRoute({
  getParentRoute: () => frame,
  path: "/search",
  validateSearch: (s: Record<string, unknown>): { q?: string; span?: string } => ({ q: text(s.q), span: text(s.span) }),
  component: lazyRouteComponent(() => import("../pages/SearchPage"), "SearchPage"),
});

/** tab; at the moment shown; v and with: versions; to and toAt: compared with; types, depth and as: relations; q: events. */
const resourceView = ["tab", "at", "v", "with", "to", "toAt", "types", "depth", "as", "q"] as const;
type ResourceView = { [name in (typeof resourceView)[number]]?: string };

const resource = createRoute({
  getParentRoute: () => frame,
  path: "/r/$cluster/$group/$resource/$namespace/$name",
  validateSearch: (s: Record<string, unknown>): ResourceView =>
    Object.fromEntries(resourceView.map((name) => [name, text(s[name])])),
  component: lazyRouteComponent(() => import("../pages/ResourcePage"), "ResourcePage"),
});

const changes = createRoute({
  getParentRoute: () => frame,
  path: "/changes",
  validateSearch: (
    s: Record<string, unknown>,
  ): { q?: string; from?: string; suspects?: string; window?: string; broken?: string } => ({
    q: text(s.q),
    from: text(s.from),
    suspects: text(s.suspects),
    window: text(s.window),
    broken: text(s.broken),
  }),
  component: lazyRouteComponent(() => import("../pages/ChangesPage"), "ChangesPage"),
});

const clusters = createRoute({
  getParentRoute: () => frame,
  path: "/clusters",
  validateSearch: (s: Record<string, unknown>): { cluster?: string } => ({ cluster: text(s.cluster) }),
  component: lazyRouteComponent(() => import("../pages/ClustersPage"), "ClustersPage"),
});

const actions = createRoute({
  getParentRoute: () => frame,
  path: "/actions",
  validateSearch: (s: Record<string, unknown>): { q?: string } => ({ q: text(s.q) }),
  component: lazyRouteComponent(() => import("../pages/ActionsPage"), "ActionsPage"),
});

const action = createRoute({
  getParentRoute: () => frame,
  path: "/actions/$id",
  validateSearch: (s: Record<string, unknown>): { state?: string; cluster?: string } => ({
    state: text(s.state),
    cluster: text(s.cluster),
  }),
  component: lazyRouteComponent(() => import("../pages/ActionPage"), "ActionPage"),
});

/** from: the object whose manifest it begins with; template: or what of; plan: the last plan that was made. */
const applyView = ["from", "template", "clusters", "plan"] as const;
type ApplyView = { [name in (typeof applyView)[number]]?: string };

const apply = createRoute({
  getParentRoute: () => frame,
  path: "/apply",
  validateSearch: (s: Record<string, unknown>): ApplyView =>
    Object.fromEntries(applyView.map((name) => [name, text(s[name])])),
  component: lazyRouteComponent(() => import("../pages/ApplyPage"), "ApplyPage"),
});

const audit = createRoute({
  getParentRoute: () => frame,
  path: "/audit",
  validateSearch: (s: Record<string, unknown>): { q?: string } => ({ q: text(s.q) }),
  component: lazyRouteComponent(() => import("../pages/AuditPage"), "AuditPage"),
});

const tree = root.addChildren([
  login,
  frame.addChildren([home, search, resource, changes, clusters, actions, action, apply, audit]),
]);

export function newRouter(client: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    context: { client },
    ...(history ? { history } : {}),
    parseSearch: parseParams,
    stringifySearch: formatParams,
    scrollRestoration: false,
    defaultPendingMs: 200,
    defaultErrorComponent: Crash,
    notFoundMode: "root",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
