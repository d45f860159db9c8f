package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/foretop/foretop/test/bench/report"
)

// finish prints the result, keeps it and brings the page up to date.
func finish(s *settings, r *report.Result) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "%s: %s\n", r.Name, r.Setup)
	names := make([]string, 0, len(r.Figures))
	for name := range r.Figures {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(out, "  %s\t%s\n", name, strconv.FormatFloat(r.Figures[name], 'f', -1, 64))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if len(r.Probes) > 0 {
		fmt.Println(probesOf(r))
	}
	if s.out != "" {
		if err := r.Write(s.out); err != nil {
			return err
		}
	}
	if s.docs == "" {
		return nil
	}
	return document(s.docs, r)
}

// thousands is a figure as people write it: 15,000.
func thousands(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return whole
}

func milliseconds(v float64) string {
	switch {
	case v == 0:
		return ""
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
}

// probeTable is Markdown.
func probeTable(r *report.Result) string {
	var t strings.Builder
	compared := slices.ContainsFunc(r.Probes, func(p report.Probe) bool { return p.Neighbour > 0 }) && r.Name == "pods"
	t.WriteString("| question | found | ms | p99 | over HTTP | p99 | target |")
	if compared {
		t.WriteString(" Clusterpedia |")
	}
	t.WriteString("\n|---|--:|--:|--:|--:|--:|--:|" + strings.Repeat("--:|", bit(compared)) + "\n")
	for _, p := range r.Probes {
		name := p.Name
		if p.Query != "" {
			name += ": `" + strings.ReplaceAll(p.Query, "|", "\\|") + "`"
		}
		found := strconv.Itoa(p.Found)
		if p.Wrong != "" {
			found += " (" + p.Wrong + ")"
		}
		fmt.Fprintf(&t, "| %s | %s | %s | %s | %s | %s | %s |", name, found, milliseconds(p.Service.P50), milliseconds(p.Service.P99), milliseconds(p.HTTP.P50), milliseconds(p.HTTP.P99), milliseconds(p.Target))
		if compared {
			t.WriteString(" " + milliseconds(p.Neighbour) + " |")
		}
		t.WriteString("\n")
	}
	return t.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// probesOf is the table of r's probes.
func probesOf(r *report.Result) string {
	if strings.HasPrefix(r.Name, "kube") {
		return kubeProbeTable(r)
	}
	return probeTable(r)
}

// kubeProbeTable is probeTable of what was asked over HTTP alone.
func kubeProbeTable(r *report.Result) string {
	var t strings.Builder
	t.WriteString("| request | objects | KB | ms | p99 | target | Clusterpedia |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, p := range r.Probes {
		found := strconv.Itoa(p.Found)
		if p.Wrong != "" {
			found += " (" + p.Wrong + ")"
		}
		fmt.Fprintf(&t, "| %s | %s | %s | %s | %s | %s | %s |\n", p.Name, found, thousands(float64(int(p.Bytes/1024))), milliseconds(p.HTTP.P50), milliseconds(p.HTTP.P99), milliseconds(p.Target), milliseconds(p.Neighbour))
	}
	return t.String()
}

// figureRows are what the page says of a load, in its words.
var figureRows = []struct{ name, unit, words, target string }{
	{"load_objects_per_s", "/s", "new objects taken in", "15,000"},
	{"update_objects_per_s", "/s", "updates taken in", "15,000"},
	{"load_hub_cpu_us_per_object", " us", "the hub's processor time for a new object, with search following", ""},
	{"load_engine_cpu_us_per_object", " us", "the engine's processor time for a new object", ""},
	{"update_hub_cpu_us_per_object", " us", "the hub's processor time for an update, with search following", ""},
	{"update_engine_cpu_us_per_object", " us", "the engine's processor time for an update", ""},
	{"source_us_per_object", " us", "of the hub's: making an object, which real hubs do not", ""},
	{"load_bytes_per_object", " B", "on disk for an object, all tables", "1,500"},
	{"update_bytes_per_object", " B", "the same after the updates, with every version", "1,500"},
	{"update_texts_bytes_per_object", " B", "in texts, the JSON of what is current", ""},
	{"update_index_bytes_per_object", " B", "in the index of words", ""},
	{"load_index_after_s", " s", "from the last object taken in to found by the index", ""},
	{"update_index_after_s", " s", "from the last update taken in to found by the index", "1"},
	{"restart_answers_s", " s", "restart to the first answer", ""},
	{"restart_columns_s", " s", "restart to answers from memory", ""},
	{"restart_index_s", " s", "restart to words found by the index", ""},
	{"restart_streams_s", " s", "all members' streams open again", ""},
	{"catch_up_s", " s", "index caught up with 20,000 objects that changed while it was away", ""},
	{"rebuild_index_s", " s", "index rebuilt from nothing", ""},
	{"load_both_peak_mb", " MB", "memory at most while loading, hub and engine", "4,096"},
	{"update_both_peak_mb", " MB", "memory at most while updating, hub and engine", "4,096"},
	{"both_peak_mb", " MB", "memory at most in all parts, hub and engine", "4,096"},
	{"questions_after_hub_mb", " MB", "memory of the hub after all questions", ""},
	{"questions_after_engine_mb", " MB", "memory of the engine after all questions", ""},
	{"kube_changes_per_s", "/s", "changes without watches", ""},
	{"kube_change_hub_us", " us", "the hub's processor time for a change without watches", ""},
	{"kube_watch_members_changes_per_s", "/s", "100 watches, each of one member's Pods: changes", "1,000"},
	{"kube_watch_members_p50_ms", " ms", "from change to delivery, median", ""},
	{"kube_watch_members_p99_ms", " ms", "from change to delivery, p99", "1,000"},
	{"kube_watch_members_event_us", " us", "the hub's processor time for an event", ""},
	{"kube_watch_members_missing", "", "events that did not come", "0"},
	{"kube_watch_members_kb", " KB", "memory of a watch", ""},
	{"kube_watch_namespaces_changes_per_s", "/s", "100 watches of the fleet, each of another namespace's Pods: changes", "1,000"},
	{"kube_watch_namespaces_p50_ms", " ms", "from change to delivery, median", ""},
	{"kube_watch_namespaces_p99_ms", " ms", "from change to delivery, p99", "1,000"},
	{"kube_watch_namespaces_event_us", " us", "the hub's processor time for an event", ""},
	{"kube_watch_namespaces_missing", "", "events that did not come", "0"},
	{"kube_watch_namespaces_kb", " KB", "memory of a watch", ""},
	{"kube_watch_fleet_changes_per_s", "/s", "100 watches of all Pods of the fleet, each change told a hundred times: changes", "100"},
	{"kube_watch_fleet_p50_ms", " ms", "from change to delivery, median", ""},
	{"kube_watch_fleet_p99_ms", " ms", "from change to delivery, p99", "1,000"},
	{"kube_watch_fleet_event_us", " us", "the hub's processor time for an event", ""},
	{"kube_watch_fleet_missing", "", "events that did not come", "0"},
	{"kube_watch_fleet_kb", " KB", "memory of a watch", ""},
	{"kube_watch_fleet_table_changes_per_s", "/s", "the same, as tables: changes", "100"},
	{"kube_watch_fleet_table_p50_ms", " ms", "from change to delivery, median", ""},
	{"kube_watch_fleet_table_p99_ms", " ms", "from change to delivery, p99", "1,000"},
	{"kube_watch_fleet_table_event_us", " us", "the hub's processor time for an event", ""},
	{"kube_watch_fleet_table_missing", "", "events that did not come", "0"},
	{"kube_idle_watch_kb", " KB", "memory of an idle watch, of 1,000, each with a connection of its own", "40"},
	{"kube_idle_watch_shared_kb", " KB", "memory of an idle watch, of 1,000 over few connections", "40"},
}

func figureTable(r *report.Result) string {
	var t strings.Builder
	t.WriteString("| | | target |\n|---|--:|--:|\n")
	for _, row := range figureRows {
		if v, there := r.Figures[row.name]; there {
			fmt.Fprintf(&t, "| %s | %s%s | %s |\n", row.words, thousands(v), row.unit, row.target)
		}
	}
	return t.String()
}

// document puts the tables of r between its two marks in a page.
func document(path string, r *report.Result) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+r.Name+" -->", "<!-- end of "+r.Name+" -->"
	head, rest, found := strings.Cut(string(raw), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("%s has no %s or no %s", path, begin, end)
	}
	m := r.Machine
	text := fmt.Sprintf("%s\n%s, on %s. %s, %d cores, %s, %s.\n\n%s\n%s", begin, r.Setup, r.At.Format("2006-01-02"), m.CPU, m.Cores, m.Memory, m.Go, figureTable(r), probesOf(r))
	return os.WriteFile(path, []byte(head+text+end+tail), 0o644) //nolint:gosec // a page of the documentation
}
