import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { KeyRound } from "lucide-react";
import { useEffect, useRef } from "react";
import { asApiError } from "../api/error";
import { login } from "../api/client";
import { Button } from "../components/Button";

const route = getRouteApi("/login");

/** The token of a printed login URL, taken out of the address so that it is in no history. */
function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  if (token !== "") history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** Trades a token for a session: the one in the URL at once, or one that is pasted. */
export function LoginPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const client = useQueryClient();
  const tried = useRef(false);
  const enter = useMutation({
    mutationFn: login,
    onSuccess: () => {
      client.clear();
      // Only an address of this page: another one would lead people astray.
      router.history.replace(
        next !== undefined && /^\/(?!\/|\\)/.test(next) && !next.startsWith("/login") ? next : "/search",
      );
    },
  });
  const { mutate } = enter;
  useEffect(() => {
    if (tried.current) return;
    tried.current = true;
    const token = takeToken();
    if (token !== "") mutate(token);
  }, [mutate]);

  const error = enter.error ? asApiError(enter.error) : undefined;
  return (
    <main className="grid min-h-full place-items-center p-4">
      <form
        className="panel flex w-full max-w-md flex-col gap-3 p-6"
        onSubmit={(event) => {
          event.preventDefault();
          const token = new FormData(event.currentTarget).get("token");
          if (typeof token === "string" && token.trim() !== "") mutate(token.trim());
        }}
      >
        <h1 className="flex items-center gap-2 text-lg font-semibold">
          <img src="/favicon.svg" alt="" className="size-8" />
          Foretop
        </h1>
        <p className="text-muted">
          This hub needs a token. Open the login URL that it printed when it started, or paste the content of{" "}
          <code className="font-mono text-ink">admin.token</code> in its data folder.
        </p>
        <label className="flex flex-col gap-1 text-sm font-medium">
          Token
          <input
            name="token"
            type="password"
            autoComplete="current-password"
            required
            className="h-9 rounded-md border border-edge bg-surface px-2.5 font-mono font-normal"
            aria-invalid={error !== undefined}
            aria-describedby={error ? "login-error" : undefined}
          />
        </label>
        {error && (
          <p id="login-error" role="alert" className="rounded-md border border-bad/40 bg-bad-soft px-3 py-2">
            {error.message} {error.fix}
          </p>
        )}
        <Button type="submit" look="primary" icon={KeyRound} busy={enter.isPending}>
          {enter.isPending ? "Logging in" : "Log in"}
        </Button>
      </form>
    </main>
  );
}
