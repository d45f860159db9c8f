// Package report writes what benchmarks measured, with the machine that it was measured on.
//
// Invariant: a figure never stands without its machine and its setup.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Result is one benchmark's file.
type Result struct {
	Name    string             `json:"name"`
	At      time.Time          `json:"at"`
	Machine Machine            `json:"machine"`
	Setup   string             `json:"setup"`
	Figures map[string]float64 `json:"figures"`
	Probes  []Probe            `json:"probes,omitempty"`
}

// Machine is where a Result was measured.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	System string `json:"system"`
	Go     string `json:"go"`
}

// Probe is what one question took.
type Probe struct {
	Name      string  `json:"name"`
	Query     string  `json:"query,omitempty"`
	Found     int     `json:"found"`
	Wrong     string  `json:"wrong,omitempty"` // found is not what is there
	Engine    string  `json:"engine,omitempty"`
	Runs      int     `json:"runs"`
	Service   Spread  `json:"service"`         // within the hub
	HTTP      Spread  `json:"http"`            // a GraphQL request over the loopback, to the last byte
	Bytes     float64 `json:"bytes,omitempty"` // of the answer
	HubCPU    float64 `json:"hub_cpu_ms"`
	EngineCPU float64 `json:"engine_cpu_ms"`
	Target    float64 `json:"target_ms,omitempty"`
	Neighbour float64 `json:"clusterpedia_ms,omitempty"`
}

// Spread of durations, in milliseconds.
type Spread struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

// New is an empty Result of now and here.
func New(name, setup string) *Result {
	return &Result{Name: name, At: time.Now().UTC().Truncate(time.Second), Machine: here(), Setup: setup, Figures: map[string]float64{}}
}

// Write puts r into a file of its name in dir.
func (r *Result) Write(dir string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", r.Name, err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, r.Name+".json"), append(raw, '\n'), 0o644) //nolint:gosec // figures are public
}

// Read is what Write wrote.
func Read(path string) (*Result, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(Result)
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return r, nil
}

func here() Machine {
	return Machine{
		Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		CPU: firstLineWith("/proc/cpuinfo", "model name"), Memory: firstLineWith("/proc/meminfo", "MemTotal"),
	}
}

func firstLineWith(path, key string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
