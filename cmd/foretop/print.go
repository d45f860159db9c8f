package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"
)

// outputFlags say how an answer is printed: kubectl's formats, and ref.
type outputFlags struct {
	format    string
	noHeaders bool
	compat    bool
}

func (f *outputFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.format, "output", "o", "", "table, wide, json, yaml, name, ref, jsonpath=..., go-template=...")
	flags.BoolVar(&f.noHeaders, "no-headers", false, "leave out the table's first line")
}

func (f *outputFlags) check(formats ...string) error {
	kind, _, _ := strings.Cut(f.format, "=")
	for _, known := range append(formats, "", "table", "wide", "json", "yaml", "name") {
		if kind == known {
			return nil
		}
	}
	return usageError{fmt.Errorf("-o %s is not known here: use table, wide, json, yaml, name%s", f.format, strings.Join(append([]string{""}, formats...), ", "))}
}

var objectFormats = []string{"ref", "jsonpath", "jsonpath-as-json", "jsonpath-file", "go-template", "template", "go-template-file", "templatefile", "kyaml", "custom-columns", "custom-columns-file"}

// registerObjects registers the flags of verbs that print Kubernetes objects.
func (f *outputFlags) registerObjects(flags *pflag.FlagSet, formats ...string) {
	f.register(flags)
	flags.Lookup("output").Usage = strings.Join(append([]string{"table, wide, json, yaml, kyaml, name, ref, jsonpath=..., go-template=..., custom-columns=..."}, formats...), ", ")
	flags.BoolVar(&f.compat, "compat", false, "name the cluster in Clusterpedia's annotation too")
}

func (f *outputFlags) table() bool {
	return f.format == "" || f.format == "table" || f.format == "wide"
}
func (f *outputFlags) wide() bool { return f.format == "wide" }

// columns of a table; those with a priority are for -o wide.
type column struct {
	name string
	wide bool
}

// grid prints rows as kubectl prints its tables.
func (f *outputFlags) grid(out io.Writer, columns []column, rows [][]string) error {
	t := &metav1.Table{ColumnDefinitions: definitions(columns)}
	for _, r := range rows {
		t.Rows = append(t.Rows, tableRow(r))
	}
	w := printers.GetNewTabWriter(out)
	p := printers.NewTablePrinter(printers.PrintOptions{Wide: f.wide(), NoHeaders: f.noHeaders})
	if err := p.PrintObj(t, w); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	return w.Flush()
}

func definitions(columns []column) []metav1.TableColumnDefinition {
	list := make([]metav1.TableColumnDefinition, len(columns))
	for i, c := range columns {
		list[i] = metav1.TableColumnDefinition{Name: c.name, Type: "string"}
		if c.wide {
			list[i].Priority = 1
		}
	}
	return list
}

func tableRow(texts []string) metav1.TableRow {
	cells := make([]any, len(texts))
	for i, v := range texts {
		cells[i] = v
	}
	return metav1.TableRow{Cells: cells}
}

// document prints what is no Kubernetes object as JSON or YAML.
func (f *outputFlags) document(out io.Writer, v any) error {
	raw, err := json.MarshalIndent(v, "", "    ")
	if err == nil && f.format == "yaml" {
		raw, err = yaml.JSONToYAML(raw)
	}
	if err != nil {
		return fmt.Errorf("print answer: %w", err)
	}
	_, err = fmt.Fprintln(out, strings.TrimRight(string(raw), "\n"))
	return err
}

// objects prints Kubernetes objects: the one alone, or a v1 List.
func (f *outputFlags) objects(out io.Writer, list []*unstructured.Unstructured, a answered) error {
	flags := genericclioptions.NewPrintFlags("")
	flags.OutputFormat = &f.format
	p, err := flags.ToPrinter()
	if err != nil {
		return usageError{err}
	}
	if f.format == "name" {
		for _, o := range list {
			if err := p.PrintObj(o, out); err != nil {
				return fmt.Errorf("print object: %w", err)
			}
		}
		return nil
	}
	var whole runtime.Object
	if a.alone && len(list) == 1 {
		whole = list[0]
	} else {
		metadata := map[string]any{"resourceVersion": ""}
		if a.more > 0 {
			metadata["remainingItemCount"] = int64(a.more)
		}
		if a.coverage != nil {
			metadata["annotations"] = map[string]any{"foretop.io/coverage": a.coverage.String()}
		}
		items := &unstructured.UnstructuredList{Object: map[string]any{"apiVersion": "v1", "kind": "List", "metadata": metadata}}
		for _, o := range list {
			items.Items = append(items.Items, *o)
		}
		whole = items
	}
	if err := p.PrintObj(whole, out); err != nil {
		return fmt.Errorf("print objects: %w", err)
	}
	return nil
}

// ago is how long since t, as kubectl writes it.
func ago(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(max(0, time.Since(*t)))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// coloured reports whether out is a terminal whose user did not ask for plain text.
func coloured(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// patch prints a unified diff, in colours on a terminal.
func patch(out io.Writer, diff string) {
	if !coloured(out) {
		fmt.Fprint(out, diff)
		return
	}
	for line := range strings.Lines(diff) {
		colour := ""
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
			colour = "\x1b[1m"
		case strings.HasPrefix(line, "+"):
			colour = "\x1b[32m"
		case strings.HasPrefix(line, "-"):
			colour = "\x1b[31m"
		case strings.HasPrefix(line, "@@"):
			colour = "\x1b[36m"
		}
		if colour != "" {
			line = colour + strings.TrimSuffix(line, "\n") + "\x1b[0m\n"
		}
		fmt.Fprint(out, line)
	}
}

func atMost(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return usageError{fmt.Errorf("unexpected argument %q", args[n])}
		}
		return nil
	}
}
