import { History, ListChecks, ScrollText, Search, Server, type LucideIcon } from "lucide-react";

/** The pages that the rail and the palette lead to. */
export const places: {
  to: "/search" | "/changes" | "/clusters" | "/actions" | "/audit";
  word: string;
  icon: LucideIcon;
  key: string;
}[] = [
  { to: "/search", word: "Search", icon: Search, key: "g s" },
  { to: "/changes", word: "Changes", icon: History, key: "g h" },
  { to: "/clusters", word: "Clusters", icon: Server, key: "g c" },
  { to: "/actions", word: "Actions", icon: ListChecks, key: "g x" },
  { to: "/audit", word: "Audit", icon: ScrollText, key: "g u" },
];
