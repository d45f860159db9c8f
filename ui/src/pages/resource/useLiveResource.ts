import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ResourceChangesDocument } from "../../api/generated";
import { follow } from "../../api/socket";
import { useSettings } from "../../components/settings";

const asked = new Set<unknown>(["resource", "history", "related", "events"]);

/** Asks anew when the object changes, at most once a second. */
export function useLiveResource(uid: string | undefined): void {
  const client = useQueryClient();
  const { live } = useSettings();
  useEffect(() => {
    if (!live || uid === undefined || uid === "") return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = (): void => {
      timer = undefined;
      void client.invalidateQueries({ predicate: (q) => asked.has(q.queryKey[0]) });
    };
    const stop = follow(
      ResourceChangesDocument,
      { query: `uid:${uid}` },
      {
        next: () => {
          timer ??= setTimeout(refresh, 1_000);
        },
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client, live, uid]);
}
