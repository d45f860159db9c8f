package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/telemetry"
)

func TestAHubIsReadyWhileItsStoresAnswer(t *testing.T) {
	ops := telemetry.New("test")
	var control, database error
	reportReady(t.Context(), ops, func() error { return control }, func(context.Context) error { return database })
	if err := ops.Ready(); err != nil {
		t.Errorf("with both: %v", err)
	}
	database = errors.New("dial tcp 10.1.2.3:9000: connection refused")
	if err := ops.Ready(); err == nil || strings.Contains(err.Error(), "10.1.2.3") {
		t.Errorf("without the database: %v; whoever asks has not said who he is", err)
	}
	database, control = nil, errors.New("the disk is full")
	if ops.Ready() == nil {
		t.Error("without control state")
	}
}
