import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { followResource } from "../../api/resource";
import { useSettings } from "../../components/settings";

/** Keeps what is shown of an object in step with it, while the page is live. */
export function useLiveResource(uid: string | undefined): void {
  const client = useQueryClient();
  const { live } = useSettings();
  useEffect(() => (live && uid ? followResource(client, uid) : undefined), [client, live, uid]);
}
